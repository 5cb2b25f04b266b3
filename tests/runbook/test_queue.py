"""One deployment per environment at a time: production in order, staging without what is outdated; and cancelling."""

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.queries.deployments import timeline
from staging_gate.runbook import merging, releasing
from staging_gate.runbook.cancelling import TooLate, cancel_deployment
from staging_gate.runbook.changes import get
from staging_gate.runbook.roll_back import roll_back
from staging_gate.testing import eventually
from staging_gate.testing.world import World
from tests.runbook.stories import actions

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION
S = DeploymentState


def states(world: World, environment: Environment) -> list[DeploymentState]:
    return [deployment.state for deployment in world.deployments(environment)]


def test_older_processes_are_let_go_while_the_environment_is_still_ours(released: World) -> None:
    """Otherwise the candidates of the next deployment, which begins at once, would count as older processes."""
    world = released
    seen = []
    world.away["deploy target"].just_before("retire", lambda: seen.append(states(world, STAGING)[-1]))
    world.ship_to_staging("feat: one")
    world.away["deploy target"].just_before("retire", lambda: seen.append(states(world, PRODUCTION)[-1]))
    world.prepare_release("v1.1.0")
    world.publish("v1.1.0")
    world.away["deploy target"].just_before("retire", lambda: seen.append(states(world, PRODUCTION)[-1]))
    world.roll_back("v1.0.0")

    assert seen == [S.VERIFYING] * 3


def test_a_newer_merge_supersedes_what_waits_and_never_what_runs(world: World) -> None:
    """Three merges: the second waits for the first, the third takes its place."""
    changes = [world.change(f"feat: {name}", branch=f"feature/{name}") for name in ("one", "two", "three")]
    for change in changes:
        world.approve(change)

    def merge_the_others() -> None:
        for change in changes[1:]:
            merge_now(world, change.number)

    world.away["deploy target"].just_before("build", merge_the_others)
    last = world.merge(changes[0])

    assert [d.change for d in world.deployments(STAGING)] == [1, 2, 3]
    assert states(world, STAGING) == [S.SUCCEEDED, S.SUPERSEDED, S.SUCCEEDED]
    assert world.deployment("staging-2").failure == "staging-3 is newer"
    assert world.deployment("staging-2").started_at is None
    assert ("staging-gate", "deployment superseded", "staging-3 is newer") in world.record("staging-2")
    assert last.merged
    assert world.staging.served() == [last.merged.commit, world.revision("staging").commit]


def test_what_waits_says_for_what(world: World) -> None:
    first, second = (world.change(f"feat: {name}", branch=f"feature/{name}") for name in ("one", "two"))
    world.approve(first)
    world.approve(second)
    ahead = []

    def look() -> None:
        merge_now(world, second.number)
        shown = timeline(world.ports, "staging-2")
        ahead.append(shown.ahead if shown else None)

    world.away["deploy target"].just_before("build", look)
    world.merge(first)

    assert ahead == [("staging-1",)]


def two_releases_ready(world: World) -> None:
    """v1.1.0 and v1.2.0 are merged; neither is published."""
    for tag in ("v1.1.0", "v1.2.0"):
        world.ship_to_staging(f"feat: for {tag}")
        world.prepare_release(tag)


def merge_now(world: World, number: int) -> None:
    """As soon as its checks have passed; wait for the merge, not for the deployment."""
    eventually(lambda: merges_cleanly(world, number))
    world.engine.wait(merging.merge(world.ports, number, None, world.person("ben")), within=20)


def merges_cleanly(world: World, number: int) -> bool:
    """Its checks have passed on what staging is now."""
    preview = get(world.ports, number).preview
    up_to_date = preview is not None and preview.base == world.revision("staging").commit
    return up_to_date and world.explain(str(number), "ben").open


def publish_now(world: World, tag: str) -> None:
    """And wait for the tag, not for the deployment."""
    world.engine.wait(releasing.publish(world.ports, tag, world.person("tess")) or "", within=20)


def test_production_keeps_the_order(released: World) -> None:
    world = released
    two_releases_ready(world)
    world.away["deploy target"].just_before("build", lambda: publish_now(world, "v1.2.0"))
    world.publish("v1.1.0")

    assert states(world, PRODUCTION) == [S.SUCCEEDED] * 3
    assert world.production.served() == ["v1.0.0", "v1.1.0", "v1.2.0"]


def test_a_release_behind_one_that_failed_is_held(released: World) -> None:
    world = released
    two_releases_ready(world)
    world.production.next_smoke_fails(where="public")
    world.away["deploy target"].just_before("build", lambda: publish_now(world, "v1.2.0"))
    world.publish("v1.1.0")

    assert [(d.release, d.state) for d in world.deployments(PRODUCTION)][1:] == [
        ("v1.1.0", S.ROLLED_BACK),
        ("v1.2.0", S.ABORTED),
        ("v1.0.0", S.SUCCEEDED),
    ]
    assert "staging-gate holds promotions to production" in world.deployment("production-3").failure
    assert world.production.served() == ["v1.0.0", "v1.1.0", "v1.0.0"]


def test_a_rollback_goes_before_releases_that_wait(released: World) -> None:
    world = released
    world.release("v1.0.1")
    two_releases_ready(world)
    dora = world.person("dora")

    def others() -> None:
        publish_now(world, "v1.2.0")
        roll_back(world.ports, "v1.0.0", "everything is wrong", dora)

    world.away["deploy target"].just_before("switch", others)
    world.publish("v1.1.0")

    assert world.production.served() == ["v1.0.0", "v1.0.1", "v1.1.0", "v1.0.0"]
    assert world.deployment("production-4").state is S.ABORTED, "v1.2.0 came after it, and was held"


# --- cancelling --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["build", "upgrade_schema", "start", "wait_until_ready"])
def test_cancelled_before_the_switch_nothing_has_changed(released: World, call: str) -> None:
    world = released
    world.ship_to_staging("feat: two")
    world.prepare_release("v1.1.0")
    dora = world.person("dora")
    world.away["deploy target"].just_before(call, lambda: cancel_deployment(world.ports, "production-2", dora))
    stopped = world.publish("v1.1.0")

    assert (stopped.state, stopped.failure) == (S.ABORTED, "dora cancelled it.")
    assert world.production.served() == ["v1.0.0"]
    assert world.production.running() == ["v1.0.0"]
    assert "cancel requested" in actions(world, "production-2")
    with world.store.reading() as tx:
        assert tx.releases.quarantines() == []


def test_cancelled_during_the_last_step_before_the_switch_it_is_heard(released: World) -> None:
    world = released
    world.ship_to_staging("feat: two")
    world.prepare_release("v1.1.0")
    dora = world.person("dora")
    world.away["smoke tests"].just_before("run", lambda: cancel_deployment(world.ports, "production-2", dora))

    assert world.publish("v1.1.0").state is S.ABORTED
    assert world.production.served() == ["v1.0.0"]
    assert len(world.deployments(PRODUCTION)) == 2


def test_once_the_traffic_moves_it_is_too_late(released: World) -> None:
    world = released
    world.ship_to_staging("feat: two")
    world.prepare_release("v1.1.0")
    told = []

    def try_to_cancel() -> None:
        with pytest.raises(TooLate) as late:
            cancel_deployment(world.ports, "production-2", world.person("dora"))
        told.append(str(late.value))

    world.away["deploy target"].just_before("switch", try_to_cancel)

    assert world.publish("v1.1.0").state is S.SUCCEEDED
    assert told == [
        "production-2 is verifying: it can not be cancelled any more. To take a release back: `gate rollback`."
    ]


def test_what_waits_is_taken_out_of_the_queue(released: World) -> None:
    world = released
    two_releases_ready(world)

    def publish_and_cancel() -> None:
        publish_now(world, "v1.2.0")
        cancel_deployment(world.ports, "production-3", world.person("dora"))

    world.away["deploy target"].just_before("build", publish_and_cancel)
    world.publish("v1.1.0")

    assert states(world, PRODUCTION) == [S.SUCCEEDED, S.SUCCEEDED, S.ABORTED]
    assert ("dora", "deployment aborted", "dora cancelled it.") in world.record("production-3")
    assert world.steps("production-3") == []


def test_what_has_ended_is_not_cancelled(released: World) -> None:
    with pytest.raises(TooLate, match="production-1 is succeeded: it can not be cancelled any more"):
        cancel_deployment(released.ports, "production-1", released.person("dora"))


def test_a_rollback_can_be_cancelled_too(released: World) -> None:
    world = released
    world.release("v1.1.0")
    dora = world.person("dora")
    world.away["deploy target"].just_before("start", lambda: cancel_deployment(world.ports, "production-3", dora))

    assert world.roll_back("v1.0.0").state is S.ABORTED
    assert world.production.served() == ["v1.0.0", "v1.1.0"]
    with world.store.reading() as tx:
        assert tx.releases.quarantines() == []
        assert tx.holds.in_force() == []
