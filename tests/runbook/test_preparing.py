"""What is approved does not move: merges to staging wait while a release is being prepared."""

from functools import partial

from staging_gate.domain.change import Change
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.runbook import changes, holding, releasing
from staging_gate.testing.world import World
from tests.runbook.stories import closed_as_explained

WAITS = ("release_in_preparation",)


def a_change(world: World, title: str = "feat: late", branch: str = "") -> Change:
    change = world.change(title, branch=branch)
    world.approve(change)
    return change


def in_preparation(world: World, change: Change) -> bool:
    return "release_in_preparation" in world.explain(str(change.number), "ben").codes


def test_from_the_first_approval_on_merges_to_staging_wait(world: World) -> None:
    world.ship_to_staging("feat: one")
    release = releasing.open_release(world.ports, world.person("ada"), "v1.0.0")
    late = a_change(world)
    assert world.explain(str(late.number), "ben").open

    changes.approve(world.ports, release.change or 0, "stakeholder", world.person("stan"))

    codes = closed_as_explained(world, str(late.number), "ben", lambda: world.merge(late))
    assert codes == WAITS
    [reason] = world.explain(str(late.number), "ben").reasons
    assert reason.bypass == ("tech_lead",)
    assert reason.opens_when == (
        "It opens when v1.0.0 is verified in production, or with `gate release withdraw v1.0.0`. "
        "`gate change merge 3 --when-ready` merges it then by itself; hotfixes pass."
    )
    assert reason.sentence == ("v1.0.0 is being prepared: what was approved does not move, so merges to staging wait.")


def test_an_approval_that_does_not_count_keeps_nobody_waiting(world: World) -> None:
    world.ship_to_staging("feat: one")
    release = releasing.open_release(world.ports, world.person("ada"), "v1.0.0")
    changes.approve(world.ports, release.change or 0, "stakeholder", world.person("stan"))
    late = a_change(world)
    assert in_preparation(world, late)

    changes.withdraw_approval(world.ports, release.change or 0, world.person("stan"))

    assert not in_preparation(world, late)


def test_until_it_is_verified(merged: World) -> None:
    late = a_change(merged)
    assert in_preparation(merged, late)

    merged.publish("v1.1.0")

    assert merged.explain(str(late.number), "ben").open


def test_or_withdrawn(merged: World) -> None:
    late = a_change(merged)
    releasing.withdraw(merged.ports, "v1.1.0", merged.person("ada"), "not yet")

    assert merged.explain(str(late.number), "ben").open


def test_or_failed(merged: World) -> None:
    late = a_change(merged)
    merged.production.next_smoke_fails(where="candidate")
    merged.publish("v1.1.0")

    assert merged.explain(str(late.number), "ben").open


def test_a_release_that_was_stopped_on_its_way_keeps_nobody_waiting(merged: World) -> None:
    """It has its tag, and can be deployed again: to prepare it is over."""
    late = a_change(merged)
    hold_production = partial(holding.hold, merged.ports, Environment.PRODUCTION, "wait", merged.person("dora"))
    merged.away["code host"].just_before("create_tag", hold_production)
    assert merged.publish("v1.1.0").state is DeploymentState.ABORTED

    assert not in_preparation(merged, late)


def test_a_hotfix_passes_and_voids_what_was_approved(world: World) -> None:
    world.ship_to_staging("feat: one")
    release = world.prepare_release("v1.0.0", merged=False)
    assert world.explain(str(release.number), "tess").open
    fix = a_change(world, "fix: login", branch="hotfix/login")

    world.merge(fix)

    assert "approvals_missing" in world.explain(str(release.number), "tess").codes
    assert not in_preparation(world, a_change(world))


def test_what_brings_main_back_to_staging_passes(merged: World) -> None:
    world = merged
    hotfix = world.repository.commit(
        world.revision("main").commit, {"fix.py": "fix\n"}, "fix: login", "ada", world.clock.now()
    )
    world.repository.move("refs/heads/main", hotfix)
    back = changes.open_change(world.ports, "main", "staging", world.person("ada"))
    world.settle()
    world.approve(back)

    assert world.explain(str(back.number), "ben").open
