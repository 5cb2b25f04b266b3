"""The way back is proved in staging: of what it has verified, to what production runs."""

from typing import Any

import pytest

from staging_gate.domain.change import Change
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.way_back import Loss, TriedOn, WayBack, WayBackVerdict
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.queries.ways_back import of_rollback
from staging_gate.runbook import merging, pairing, proving_way_back
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.redeploying import redeploy
from staging_gate.testing import eventually
from staging_gate.testing.world import World
from tests.runbook.stories import actions, closed

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION
UPGRADED, DOWNGRADED, OWN = TriedOn
NOTE = Loss("column orders.note", 12)


def migrates(number: int) -> dict[str, str]:
    """A change that brings a migration."""
    return {
        "alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n",
        f"migrations/versions/{number:04}_next.py": f"revision = '{number}'\n",
    }


def ship(world: World, number: int = 2, title: str = "feat: notes") -> None:
    world.ship_to_staging(f"{title} {number}", migrates(number))


def begin_to_ship(world: World, number: int) -> None:
    """The same, and only until staging has it."""
    change = world.change(f"feat: notes {number}", migrates(number))
    world.approve(change)
    begin_to_merge(world, change)


def begin_to_merge(world: World, change: Change) -> None:
    merging.merge(world.ports, change.number, None, world.person("ben"))
    eventually(lambda: world.deployments(STAGING)[-1].change == change.number)
    eventually(lambda: world.deployments(STAGING)[-1].state.ended)


def stop(world: World) -> None:
    """Cancel the proof that hangs; the next one will not."""
    eventually(lambda: world.way_back.tried)
    world.way_back.again("reversible", NOTE)
    with world.store.transaction() as tx:
        [run] = pairing.under_way(tx)
        tx.cancel(run.id, world.person("ada"))
    world.settle()


def known(world: World) -> list[WayBack]:
    with world.store.reading() as tx:
        return tx.ways_back.recent()


def now(world: World) -> WayBack | None:
    """Of what staging has proved, back to what production runs."""
    with world.store.reading() as tx:
        pair = pairing.current(tx)
        return tx.ways_back.get(*pair.trees) if pair else None


def trees(world: World) -> tuple[str, str]:
    staging, production = world.live(STAGING), world.live(PRODUCTION)
    assert staging and production
    return staging.revision.tree, production.revision.tree


def steps(world: World) -> list[str]:
    with world.store.reading() as tx:
        runs = [run for about in _subjects(world) for run in tx.runs.about(about)]
        return [step.name for step in tx.runs.steps(runs[-1].id)]


def _subjects(world: World) -> list[str]:
    return [
        f"way back {new.id} {old.id}" for new in world.deployments(STAGING) for old in world.deployments(PRODUCTION)
    ]


def test_a_release_before_that_works_on_the_new_schema_is_compatible(released: World) -> None:
    ship(released)

    way = now(released)
    assert way is not None
    assert (way.from_tree, way.to_tree) == trees(released)
    assert (way.verdict, way.losses, way.deployment) == (WayBackVerdict.COMPATIBLE, (), "staging-2")
    assert way.evidence == ("v1.0.0 works on the upgraded database.",)
    assert released.way_back.tried == [(*trees(released), UPGRADED)]
    assert steps(released) == [
        "compare the migrations",
        "try the release before on the upgraded database",
        "record the way back",
    ]
    assert way.log is not None
    assert released.logs.tail(way.log) == "v1.0.0 works on the upgraded database"
    assert ("staging-gate", "way back compatible", "to v1.0.0: compatible") in released.record("staging-2")


def test_one_that_works_after_a_downgrade_is_reversible_and_says_what_that_loses(released: World) -> None:
    released.way_back.next("reversible", NOTE, Loss("table audit"))
    ship(released)

    way = now(released)
    assert way is not None
    assert (way.verdict, way.losses, way.seconds) == (WayBackVerdict.REVERSIBLE, (NOTE, Loss("table audit")), 5.0)
    assert way.evidence == (
        "v1.0.0 does not work on the upgraded database.",
        "v1.0.0 works on the downgraded database.",
    )
    assert [on for _, _, on in released.way_back.tried] == [UPGRADED, DOWNGRADED]
    assert steps(released)[1:] == [
        "try the release before on the upgraded database",
        "downgrade that database and try it again",
        "record the way back",
    ]
    said = "to v1.0.0: reversible, loses column orders.note (12 rows of the clone) and table audit"
    assert ("staging-gate", "way back reversible", said) in released.record("staging-2")


def test_one_that_works_only_on_a_database_of_its_own_is_irreversible(released: World) -> None:
    released.way_back.next("irreversible")
    ship(released)

    way = now(released)
    assert way is not None
    assert way.verdict is WayBackVerdict.IRREVERSIBLE
    assert [on for _, _, on in released.way_back.tried] == [UPGRADED, DOWNGRADED, OWN]
    assert way.evidence[-1] == "v1.0.0 works on the own database."


def test_one_that_works_nowhere_says_nothing_about_the_migrations(released: World) -> None:
    released.way_back.next_never_works()
    ship(released)

    way = now(released)
    assert way is not None
    assert way.verdict is WayBackVerdict.UNKNOWN
    assert way.evidence[-1] == (
        "It does not work on a database of its own either, so this says nothing about the migrations."
    )


@pytest.mark.parametrize("error", [Refused, Unavailable])
def test_what_could_not_be_tried_is_unknown_and_says_how_to_try_again(released: World, error: type[Any]) -> None:
    released.way_back.next_fails(error("There is no Postgres to try it on."))
    ship(released)

    way = now(released)
    assert way is not None
    assert (way.verdict, way.evidence) == (
        WayBackVerdict.UNKNOWN,
        ("It could not be found out: There is no Postgres to try it on. `gate way-back prove` tries it again.",),
    )
    released.way_back.again("reversible", NOTE)
    proving_way_back.prove(released.ports, released.person("ada"))
    released.settle()

    way = now(released)
    assert way is not None
    assert (way.verdict, way.losses) == (WayBackVerdict.REVERSIBLE, (NOTE,))
    assert ("ada", "way back asked for again", "to v1.0.0") in released.record("staging-2")


def test_with_the_same_migrations_nothing_is_tried(released: World) -> None:
    released.ship_to_staging("feat: charts")

    assert released.way_back.tried == []
    assert known(released) == []
    assert steps(released) == ["compare the migrations"]


def test_before_the_first_release_there_is_no_way_back(world: World) -> None:
    ship(world)

    assert known(world) == []
    with pytest.raises(Unusable, match=r"^There is no way back to prove: production runs nothing, or staging has not"):
        proving_way_back.prove(world.ports, world.person("ada"))


def test_staging_waits_for_nothing_of_it(released: World) -> None:
    released.way_back.next_hangs()
    begin_to_ship(released, 2)

    assert released.deployment("staging-2").state is DeploymentState.SUCCEEDED
    assert known(released) == []
    with pytest.raises(Unusable, match=r"^The way from staging-2 back to v1\.0\.0 is being tried already\.$"):
        proving_way_back.prove(released.ports, released.person("ada"))
    stop(released)


def test_a_newer_pair_supersedes_a_proof_that_is_running(two: World) -> None:
    two.way_back.next_hangs()
    begin_to_ship(two, 2)
    two.roll_back("v1.0.0")

    assert [(way.to_tree, way.verdict) for way in known(two)] == [(trees(two)[1], WayBackVerdict.COMPATIBLE)]
    assert actions(two, "staging-3").count("way back compatible") == 1


def test_what_was_superseded_and_is_wanted_again_is_proved_after_all(released: World) -> None:
    """The environments go on and come back to the same code while the first proof is still ending."""
    released.way_back.next_hangs()
    begin_to_ship(released, 2)
    stop(released)

    way = now(released)
    assert way is not None
    assert way.verdict is WayBackVerdict.REVERSIBLE


def test_another_release_in_production_is_another_way_back(released: World) -> None:
    ship(released, 2)
    released.prepare_release("v1.1.0")
    ship(released, 3)
    released.publish("v1.1.0")

    way = now(released)
    assert way is not None
    assert (way.from_tree, way.to_tree) == trees(released)
    assert [(way.from_tree, way.to_tree)] == [(new, old) for new, old, _ in released.way_back.tried[2:]]
    assert len(known(released)) == 3


def test_after_a_rollback_the_way_leads_to_what_is_back(two: World) -> None:
    ship(two, 3)
    before = now(two)
    two.roll_back("v1.0.0")

    way = now(two)
    assert way is not None and before is not None
    assert way.from_tree == before.from_tree
    assert way.to_tree == two.revision("v1.0.0").tree != before.to_tree
    assert way.evidence == ("v1.0.0 works on the upgraded database.",)


def test_what_is_known_is_not_proved_again(two: World) -> None:
    ship(two, 3)
    two.roll_back("v1.0.0")
    tried = len(two.way_back.tried)
    redeploy(two.ports, STAGING, two.person("dora"))
    two.settle()

    assert len(two.way_back.tried) == tried


def test_a_hotfix_is_proved_too(released: World) -> None:
    released.hotfix(files=migrates(9))

    way = now(released)
    assert way is not None
    assert (way.verdict, way.to_tree) == (WayBackVerdict.COMPATIBLE, released.revision("v1.0.0").tree)


def test_our_own_machine_breaking_is_unknown(
    released: World, monkeypatch: pytest.MonkeyPatch, a_run_breaks: None
) -> None:
    monkeypatch.setattr(proving_way_back, "migration_set", lambda *_: 1 / 0)
    ship(released)

    way = now(released)
    assert way is not None
    assert way.verdict is WayBackVerdict.UNKNOWN
    assert way.evidence == (
        "Our own machine broke, which says nothing about the release: The step 'compare the migrations' broke: "
        "ZeroDivisionError: division by zero. `gate way-back prove` tries it again.",
    )


def test_it_takes_one_of_us_to_have_it_tried_again(released: World) -> None:
    ship(released)

    assert closed(lambda: proving_way_back.prove(released.ports, released.person("mallory"))) == ("no_right",)


def test_a_rollback_over_several_releases_is_proved_when_somebody_asks(released: World) -> None:
    world = released
    for number in (2, 3):
        world.release(f"v1.{number}.0", f"feat: notes {number}", migrates(number))
    assert world.explain("rollback v1.0.0", by="dora").codes == ("way_back_unknown",)

    proving_way_back.prove(world.ports, world.person("dora"), to="v1.0.0")
    world.settle()

    first, last = world.deployment("production-1").revision.tree, world.deployment("production-3").revision.tree
    assert world.way_back.tried[-1] == (last, first, UPGRADED)
    assert world.explain("rollback v1.0.0", by="dora").open
    shown = of_rollback(world.ports, "v1.0.0")
    assert shown and shown.said == "Way back from v1.3.0 to v1.0.0: compatible."


def test_what_was_asked_for_before_a_rollback_goes_on_when_staging_gets_something_else(released: World) -> None:
    world = released
    for number in (2, 3):
        world.release(f"v1.{number}.0", f"feat: notes {number}", migrates(number))
    change = world.change("feat: notes 4", migrates(4))
    world.approve(change)
    tried = len(world.way_back.tried)
    world.way_back.next_hangs()
    asked = proving_way_back.prove(world.ports, world.person("dora"), to="v1.0.0")
    eventually(lambda: len(world.way_back.tried) > tried)

    begin_to_merge(world, change)

    with world.store.transaction() as tx:
        assert asked in [run.id for run in pairing.under_way(tx)]
        tx.cancel(asked, world.person("dora"))
    world.way_back.again("compatible")
    world.settle()


@pytest.mark.parametrize("to", ["v9.9.9", "v1.0.0"])
def test_there_is_no_way_back_to_what_was_never_there_or_is_there(released: World, to: str) -> None:
    with pytest.raises(Unusable, match=f"There is no way back to {to} to prove: production never verified it, or its"):
        proving_way_back.prove(released.ports, released.person("dora"), to=to)
