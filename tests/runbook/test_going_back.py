"""A rollback follows what is proved of the database: the traffic alone, a downgrade first, or a person is called."""

from collections.abc import Callable

import pytest

from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.release import ReleaseState
from staging_gate.domain.way_back import Loss
from staging_gate.runbook import releasing
from staging_gate.runbook.holding import lift_hold
from staging_gate.runbook.reconcile import differences
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.databases import (
    FAILED,
    LOST,
    NOTE,
    PRODUCTION,
    SUCCEEDED,
    fails_after,
    holds,
    incidents,
    migrated,
    migrates,
    schema,
)

# --- by itself ---------------------------------------------------------------------------------------------------


def test_where_the_release_before_works_on_the_new_database_the_traffic_goes_back_alone(released: World) -> None:
    assert fails_after(released, "compatible").state is DeploymentState.ROLLED_BACK

    rollback = released.deployments(PRODUCTION)[-1]
    assert (rollback.state, rollback.downgrades, rollback.database_said) == (SUCCEEDED, False, "")
    assert released.target.known.downgraded == []
    assert (released.production.live(), schema(released), migrated(released)) == ("v1.0.0", "v1.1.0", "v1.1.0")


def test_without_new_migrations_nothing_has_to_be_proved(released: World) -> None:
    released.way_back.next("irreversible")
    released.ship_to_staging("feat: charts")
    released.prepare_release("v1.1.0")
    released.production.next_smoke_fails("login", where="public")

    assert released.publish("v1.1.0").state is DeploymentState.ROLLED_BACK
    assert released.target.known.downgraded == []


def test_where_it_does_not_and_nothing_is_lost_the_database_goes_back_first(released: World) -> None:
    assert fails_after(released, "reversible").state is DeploymentState.ROLLED_BACK

    rollback = released.deployments(PRODUCTION)[-1]
    assert (rollback.state, rollback.downgrades) == (SUCCEEDED, True)
    assert rollback.database_said == "The database goes back first, which throws nothing away."
    assert released.production.calls(rollback.id) == ["downgrade_schema api", "put_back api"]
    assert (released.production.live(), schema(released), migrated(released)) == ("v1.0.0", "v1.0.0", "v1.0.0")
    assert ("staging-gate", "way of the database", rollback.database_said) in released.record(rollback.id)
    assert incidents(released) == []


def test_what_would_throw_data_away_is_not_done_by_itself(released: World) -> None:
    failed = fails_after(released, "reversible", NOTE)

    why = f"v1.0.0 does not work on its database, and needs a downgrade, which throws away: {LOST}"
    assert failed.state is FAILED
    assert failed.failure == (
        "The smoke tests of api did not pass through the public address: login failed. "
        f"v1.1.0 stays live: {why}."
    )  # fmt: skip
    assert (released.production.live(), schema(released)) == ("v1.1.0", "v1.1.0")
    assert released.live(PRODUCTION) == failed
    assert released.target.known.downgraded == []
    assert len(released.deployments(PRODUCTION)) == 2
    assert releasing.get(released.ports, "v1.1.0").state is ReleaseState.FAILED
    assert differences(released.ports) == []


def test_a_person_is_called_then_and_told_what_can_be_done(released: World) -> None:
    fails_after(released, "reversible", NOTE)

    title = "v1.1.0 is live and can not go back to v1.0.0 by itself: a person has to choose now"
    [incident] = incidents(released)
    assert (incident.severity, incident.deployment, incident.title) == ("p0", "production-2", title)
    assert incident.details.splitlines() == [
        f"v1.1.0 is live: v1.0.0 does not work on its database, and needs a downgrade, which throws away: {LOST}.",
        "v1.0.0 does not work on the upgraded database.",
        "v1.0.0 works on the downgraded database.",
        "",
        "What can be done:",
        '- go back, and throw that away: `gate rollback v1.0.0 --accept-data-loss --reason "..."`',
        '- move the traffic alone, at your own risk: `gate rollback v1.0.0 --switch-only --reason "..."`',
        "- restore the backup from before its migrations, then the traffic alone: `gate restore-plan production-2`",
        "- fix it forward, from what production runs now: `gate hotfix start NAME`; before its merge, lift the hold",
    ]


def test_gate_yaml_can_agree_to_losses_beforehand(made: Callable[..., World]) -> None:
    world = made(gate_yaml(production={"rollback": {"downgrade": "always"}}))
    world.release("v1.0.0")
    assert fails_after(world, "reversible", NOTE).state is DeploymentState.ROLLED_BACK

    rollback = world.deployments(PRODUCTION)[-1]
    assert rollback.database_said == (
        f"The database goes back first, which throws away, as gate.yaml agrees to: {LOST}."
    )
    assert (world.production.live(), schema(world)) == ("v1.0.0", "v1.0.0")


def test_gate_yaml_can_keep_every_downgrade_for_people(made: Callable[..., World]) -> None:
    world = made(gate_yaml(production={"rollback": {"downgrade": "never"}}))
    world.release("v1.0.0")

    failed = fails_after(world, "reversible")

    assert failed.failure.endswith(
        "v1.0.0 does not work on its database, and needs a downgrade, which gate.yaml keeps for people."
    )
    assert world.production.live() == "v1.1.0"
    assert world.roll_back("v1.0.0").downgrades


def test_where_no_downgrade_helps_the_new_release_stays_behind_a_hold(released: World) -> None:
    failed = fails_after(released, "irreversible")

    assert failed.failure.endswith(
        "v1.1.0 stays live: v1.0.0 does not work on this database, and no downgrade mends that."
    )
    [incident] = incidents(released)
    assert "--accept-data-loss" not in incident.details
    assert released.production.live() == "v1.1.0"
    assert holds(released) == ["v1.1.0 failed in production (production-2)"]


def test_where_nothing_is_known_the_traffic_goes_back_and_nothing_is_thrown_away(released: World) -> None:
    assert fails_after(released, None).state is DeploymentState.ROLLED_BACK

    rollback = released.deployments(PRODUCTION)[-1]
    assert (rollback.state, rollback.downgrades) == (SUCCEEDED, False)
    assert rollback.database_said == (
        "The traffic goes back alone: what comes back has run on this database until now, and no more is known."
    )
    assert (released.production.live(), schema(released)) == ("v1.0.0", "v1.1.0")


def test_what_stays_live_can_be_fixed_forward(released: World) -> None:
    fails_after(released, "irreversible")

    with released.store.reading() as tx:
        [held] = tx.holds.in_force()
    fix = released.hotfix("fix: login")
    lift_hold(released.ports, held.id, "the fix is ready", released.person("dora"))
    released.merge(fix, by="dora")

    assert released.production.live() == released.look(fix).release
    assert released.live(PRODUCTION) == released.deployments(PRODUCTION)[-1]


# --- what never went live ----------------------------------------------------------------------------------------


def does_not_go_live(world: World, verdict: str, *losses: Loss) -> Deployment:
    """v1.1.0 migrates the database, and fails on its own address; how that deployment ended."""
    world.way_back.next(verdict, *losses)
    world.ship_to_staging("feat: notes", migrates(1))
    world.prepare_release("v1.1.0")
    world.production.next_smoke_fails("login", where="candidate")
    return world.publish("v1.1.0")


def test_what_runs_gets_its_database_back_from_a_release_that_did_not_go_live(released: World) -> None:
    failed = does_not_go_live(released, "reversible")

    assert failed.state is FAILED
    assert released.steps(failed.id)[-5:] == [
        "stop the candidates",
        "look whether what runs suits the database",
        "bring the schema of api back",
        "record that the database is back",
        "record why it did not go live",
    ]
    assert (released.production.live(), schema(released), migrated(released)) == ("v1.0.0", "v1.0.0", "v1.0.0")
    assert incidents(released) == []


def test_where_it_suits_what_runs_the_database_stays(released: World) -> None:
    does_not_go_live(released, "compatible")

    assert (schema(released), migrated(released)) == ("v1.1.0", "v1.1.0")
    assert incidents(released) == []


@pytest.mark.parametrize("verdict", ["reversible", "irreversible"])
def test_where_it_does_not_and_can_not_go_back_a_person_is_called(released: World, verdict: str) -> None:
    does_not_go_live(released, verdict, NOTE)

    [incident] = incidents(released)
    assert incident.severity == "p0"
    assert incident.title == "v1.0.0 is live on a database that v1.1.0 has migrated, and does not work there"
    assert "gate restore-plan production-2" in incident.details
    assert holds(released) == [incident.title]
    assert schema(released) == "v1.1.0"


def test_where_its_downgrade_fails_a_person_is_told_that(released: World) -> None:
    released.production.downgrade_fails("no such column: note")
    failed = does_not_go_live(released, "reversible")

    [incident] = incidents(released)
    assert "To bring the database back was tried: The downgrade failed: no such column: note" in incident.details
    assert (failed.state, schema(released)) == (FAILED, "v1.1.0")


def test_migrations_that_failed_are_left_for_somebody_to_look_at(released: World) -> None:
    released.way_back.next("reversible")
    released.ship_to_staging("feat: notes", migrates(1))
    released.prepare_release("v1.1.0")
    released.production.next_migration_fails()

    failed = released.publish("v1.1.0")
    assert "look whether what runs suits the database" not in released.steps(failed.id)
    assert released.target.known.downgraded == []
