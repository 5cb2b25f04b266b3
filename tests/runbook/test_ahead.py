"""What staging will run starts while its merge is recorded, where nothing stands in its way; else it is only built."""

from collections.abc import Callable

import pytest

from staging_gate.domain.change import Change
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import MergeMethod
from staging_gate.runbook import cancelling, changes, holding, merging, redeploying, ticking
from staging_gate.testing import eventually
from staging_gate.testing.deploy_target import FakeProcess
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World

STAGING = Environment.STAGING


@pytest.fixture
def ready(made: Callable[..., World]) -> World:
    """Staging runs something, and change 2 may be merged. No service has a database."""
    world = made(policy=gate_yaml(services=("web",)))
    world.ship_to_staging("feat: one")
    world.target.known.early.clear()
    world.approve(world.change("feat: two", branch="feature/two"))
    return world


def the_change(world: World) -> Change:
    return changes.get(world.ports, 2)


def ask_for_merge(world: World) -> str:
    return merging.merge(world.ports, 2, None, world.person("ben"))


def started(world: World) -> list[str]:
    """The revisions that were started before their deployment was there."""
    return [commit for _, commit in world.target.known.early]


def idle(world: World) -> list[FakeProcess]:
    """What runs for a deployment that has not come."""
    return [p for route in world.target.known.routes.values() for p in route.processes if p.early and p.running]


def merged_and_killed(world: World) -> None:
    """We die as the merge is on the record and its deployment was not begun; what it needs is running."""
    world.kills.at = "merge-a-change-merge-2 / record the merge: after the commit"
    ask_for_merge(world)
    eventually(world.kills.died.is_set)
    assert len(idle(world)) == 1


@pytest.mark.parametrize("method", MergeMethod)
def test_the_revision_of_the_merge_runs_before_it_is_merged(ready: World, method: MergeMethod) -> None:
    seen: list[tuple[list[str], str]] = []
    ready.kills.at = "merge-a-change-merge-2 / check the gate and merge: before code host.merge"
    merging.merge(ready.ports, 2, method, ready.person("ben"))
    eventually(ready.kills.died.is_set)
    seen.append((started(ready), ready.revision("staging").commit))
    ready.settle()

    merged = the_change(ready).merged
    assert merged
    assert seen == [([merged.commit], ready.code_host.commits(None, merged.commit)[0].parents[0])]
    [process] = [p for p in ready.target.route(STAGING, "web").processes if p.commit == merged.commit]
    assert process.deployments == [ready.deployments(STAGING)[-1].id]
    assert ready.deployments(STAGING)[-1].state is DeploymentState.SUCCEEDED
    assert ready.staging.live("web") == merged.commit


def test_who_asks_again_starts_the_same(ready: World) -> None:
    for _ in range(2):
        ask_for_merge(ready)
    ready.settle()

    assert started(ready) == [ready.deployments(STAGING)[-1].revision.commit]
    assert idle(ready) == []


def test_nothing_starts_that_would_have_to_wait(ready: World) -> None:
    told: list[str] = []
    ready.away["deploy target"].just_before("switch", lambda: told.append(ask_for_merge(ready)))
    redeploying.redeploy(ready.ports, STAGING, ready.person("dora"))
    ready.settle()

    last = ready.deployments(STAGING)[-1]
    assert (len(told), last.change, last.state) == (1, 2, DeploymentState.SUCCEEDED)
    assert started(ready) == []
    assert ("change-2", last.revision.tree) in ready.target.known.expected


def test_nothing_starts_where_staging_is_held(ready: World) -> None:
    holding.hold(ready.ports, STAGING, "no more today", ready.person("dora"))

    ready.merge(the_change(ready))

    assert started(ready) == []
    assert ready.deployments(STAGING)[-1].state is DeploymentState.ABORTED


def test_what_was_started_for_a_merge_that_is_given_up_is_let_go(ready: World) -> None:
    ready.away["code host"].just_before("revision", lambda: ready.push("feature/two", {"more.py": "more\n"}))

    assert not ready.merge(the_change(ready)).is_being_merged

    ticking.tick(ready.ports)
    assert len(started(ready)) == 1
    assert idle(ready) == []


def test_what_was_started_for_a_deployment_that_is_closed_is_let_go(ready: World) -> None:
    merged_and_killed(ready)
    holding.hold(ready.ports, STAGING, "stop", ready.person("dora"))
    ready.settle()

    ticking.tick(ready.ports)
    assert ready.deployments(STAGING)[-1].state is DeploymentState.ABORTED
    assert idle(ready) == []


def test_what_was_started_for_a_deployment_that_is_cancelled_is_let_go(ready: World) -> None:
    merged_and_killed(ready)
    cancelling.cancel_deployment(ready.ports, ready.deployments(STAGING)[-1].id, ready.person("dora"))
    ready.settle()

    ticking.tick(ready.ports)
    assert ready.deployments(STAGING)[-1].state is DeploymentState.ABORTED
    assert idle(ready) == []


def test_what_is_awaited_is_kept_and_taken_after_our_death(ready: World) -> None:
    merged_and_killed(ready)
    ticking.tick(ready.ports)
    [process] = idle(ready)

    ready.settle()

    assert process.deployments == [ready.deployments(STAGING)[-1].id]


def test_a_repository_that_can_not_foresee_only_builds(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready.code_host, "foresee_merge", lambda order: None)

    ready.merge(the_change(ready))

    assert started(ready) == []
    assert "change-2" in dict(ready.target.known.expected)
    assert ready.deployments(STAGING)[-1].state is DeploymentState.SUCCEEDED
