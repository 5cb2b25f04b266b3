"""Two people act at the same moment: one wins, the other is told what happened, and nothing is done twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Decision
from staging_gate.domain.release import ReleaseState
from staging_gate.ports.store import Stale
from staging_gate.runbook import changes, holding, merging, releasing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.runbook.editing import edit_release
from staging_gate.runbook.roll_back import roll_back
from staging_gate.testing.world import World
from tests.runbook.stories import actions

PRODUCTION = Environment.PRODUCTION
Act = Callable[[], object]


def race(world: World, *acts: Act) -> tuple[list[object], list[str]]:
    """What those who won got, and what the others were told; then everything that follows has happened."""
    ready = Barrier(len(acts))

    def together(act: Act) -> object:
        ready.wait(20)
        try:
            return act()
        except (Closed, Unusable, Stale, Unknown) as no:
            return no

    with ThreadPoolExecutor(len(acts)) as threads:
        outcomes = list(threads.map(together, acts))
    world.settle()
    told = [told_of(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)], told


def told_of(no: Exception) -> str:
    """What a person reads; of a Stale, that somebody was first."""
    if isinstance(no, Closed):
        return codes(no.decision)
    return "somebody else was first" if isinstance(no, Stale) else str(no)


def codes(decision: Decision) -> str:
    return ", ".join(decision.codes)


def test_of_two_who_merge_at_once_one_does(world: World) -> None:
    change = world.change()
    world.approve(change)
    won, told = race(
        world,
        lambda: merging.merge(world.ports, change.number, None, world.person("ben")),
        lambda: merging.merge(world.ports, change.number, None, world.person("cleo")),
    )

    assert len(won) == 1
    assert told[0] in ("being_merged", "change_merged", "somebody else was first")
    assert [d.change for d in world.deployments(Environment.STAGING)] == [change.number]


def test_of_two_who_publish_at_once_one_does(merged: World) -> None:
    won, told = race(
        merged,
        lambda: releasing.publish(merged.ports, "v1.1.0", merged.person("tess")),
        lambda: releasing.publish(merged.ports, "v1.1.0", merged.person("dora")),
    )

    assert len(won) == 1
    assert told[0] in ("being_published", "release_published", "somebody else was first")
    assert [d.release for d in merged.deployments(PRODUCTION)] == ["v1.0.0", "v1.1.0"]
    assert actions(merged, "v1.1.0").count("published") == 1


def test_who_publishes_and_who_withdraws_at_once_do_not_both(merged: World) -> None:
    """Either it is out, or there is no tag of it."""
    won, told = race(
        merged,
        lambda: releasing.publish(merged.ports, "v1.1.0", merged.person("tess")),
        lambda: releasing.withdraw(merged.ports, "v1.1.0", merged.person("ada"), "not yet"),
    )

    assert (len(won), len(told)) == (1, 1)
    out = releasing.get(merged.ports, "v1.1.0").state is ReleaseState.VERIFIED
    assert out == ("v1.1.0" in merged.code_host.tags())
    assert out == (merged.production.live() == "v1.1.0")


def test_of_two_who_withdraw_at_once_one_does(merged: World) -> None:
    won, told = race(
        merged,
        lambda: releasing.withdraw(merged.ports, "v1.1.0", merged.person("ada"), "not yet"),
        lambda: releasing.withdraw(merged.ports, "v1.1.0", merged.person("tess"), "not now"),
    )

    assert len(won) == 1
    gone = "v1.1.0 is withdrawn: it can not be withdrawn. To go back: `gate rollback`."
    assert told[0] in (gone, "somebody else was first")
    assert actions(merged, "v1.1.0").count("release withdrawn") == 1


def test_of_two_who_edit_at_once_nobody_overwrites_the_other(merged: World) -> None:
    seen = releasing.get(merged.ports, "v1.1.0").edition
    won, told = race(
        merged,
        lambda: edit_release(merged.ports, "v1.1.0", merged.person("ada"), "all prices", edition=seen),
        lambda: edit_release(merged.ports, "v1.1.0", merged.person("tess"), "charts of prices", edition=seen),
    )

    assert won == [releasing.get(merged.ports, "v1.1.0")]
    edited = "Somebody else has edited v1.1.0 since you looked: read it again (`gate release show v1.1.0`), then edit."
    assert told[0] in (edited, "somebody else was first")


def test_of_two_who_roll_back_at_once_one_does(two: World) -> None:
    won, told = race(
        two,
        lambda: roll_back(two.ports, "v1.0.0", "prices are wrong", two.person("dora")),
        lambda: roll_back(two.ports, "v1.0.0", "it is slow", two.person("tess")),
    )

    assert len(won) == 1
    rollback = two.deployments(PRODUCTION)[-1]
    first = (
        f"{rollback.requested_by} is rolling back to v1.0.0 already: `gate deployment follow production-3` shows it."
    )
    assert told[0] in (first, "already_live", "somebody else was first")
    assert [d.id for d in two.deployments(PRODUCTION)] == ["production-1", "production-2", "production-3"]
    assert two.production.live() == "v1.0.0"


def test_two_who_hold_at_once_both_do(world: World) -> None:
    """Two reasons are two holds: each is lifted by itself."""
    won, told = race(
        world,
        lambda: holding.hold(world.ports, PRODUCTION, "the database is moved", world.person("dora")),
        lambda: holding.hold(world.ports, PRODUCTION, "audit week", world.person("tess")),
    )

    assert (len(won), told) == (2, [])
    with world.store.reading() as tx:
        assert {hold.reason for hold in tx.holds.in_force()} == {"the database is moved", "audit week"}


def test_of_two_who_lift_a_hold_at_once_one_does(world: World) -> None:
    id = holding.hold(world.ports, PRODUCTION, "audit week", world.person("dora")).id
    won, told = race(
        world,
        lambda: holding.lift_hold(world.ports, id, "over", world.person("dora")),
        lambda: holding.lift_hold(world.ports, id, "done", world.person("tess")),
    )

    assert len(won) == 1
    assert told[0] in (f"There is no hold {id} in force. In force: none.", "somebody else was first")
    assert actions(world, "production").count("hold lifted") == 1


def test_who_approves_twice_at_once_is_one_voice(world: World) -> None:
    change = world.change()
    won, _ = race(
        world,
        lambda: changes.approve(world.ports, change.number, "review", world.person("ben")),
        lambda: changes.approve(world.ports, change.number, "review", world.person("ben")),
    )

    assert won
    with world.store.reading() as tx:
        assert len(tx.approvals.of_change(change.number)) == 1
