"""Somebody merges, tags or deploys by hand, behind our back: it is noticed, and the board tells how it is."""

import pytest

from staging_gate.domain.change import ChangeState
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import MergeMethod
from staging_gate.runbook import changes, releasing
from staging_gate.runbook.noting_traffic import MOVED
from staging_gate.testing.connected import ConnectedWorld
from tests.runbook.stories import actions


def test_somebody_merges_at_github(connected: ConnectedWorld) -> None:
    """The gate was not asked, so nothing of it is deployed by itself."""
    world = connected
    world.ship_to_staging("feat: one")
    change = world.change("feat: two")
    commit = world.github.as_("ben").merges(change.number, MergeMethod.SQUASH)

    world.advance(seconds=10)

    merged = world.look(change)
    assert (merged.state, merged.merged_by) == (ChangeState.MERGED, "ben")
    assert "merged behind our back" in actions(world, f"change {change.number}")
    assert len(world.deployments(Environment.STAGING)) == 1
    assert world.differences() == [f"staging: staging is at {commit[:10]}, which was never deployed to staging."]


def test_the_next_merge_brings_what_was_merged_by_hand(connected: ConnectedWorld) -> None:
    world = connected
    change = world.change("feat: one")
    world.github.as_("ben").merges(change.number, MergeMethod.SQUASH)
    world.advance(seconds=10)

    world.ship_to_staging("feat: two")

    assert world.staging.live_commit() == world.revision("staging").commit
    assert world.differences() == []


def test_somebody_merges_a_release_at_github(connected: ConnectedWorld) -> None:
    """Where the gate is open that is one of the ways to merge: it waits for its tag."""
    world = connected
    world.ship_to_staging("feat: charts")
    change = world.prepare_release("v1.0.0", merged=False)
    commit = world.github.as_("tess").merges(change.number, MergeMethod.MERGE)
    world.advance(seconds=10)

    merged = world.look(change)
    assert (merged.state, merged.merged_by, merged.method) == (ChangeState.MERGED, "tess", MergeMethod.MERGE)
    assert "merged at the code host" in actions(world, f"change {change.number}")
    assert world.publish("v1.0.0").revision.commit == commit
    assert world.production.live() == "v1.0.0"


@pytest.mark.parametrize("approved", [True, False])
def test_somebody_squashes_a_release_at_github(connected: ConnectedWorld, approved: bool) -> None:
    """The commits that were proved are not on main then."""
    world = connected
    world.ship_to_staging("feat: charts")
    if approved:
        change = world.prepare_release("v1.0.0", merged=False)
    else:
        release = releasing.open_release(world.ports, world.person("ada"), "v1.0.0")
        world.settle()
        change = changes.get(world.ports, release.change or 0)
    world.github.as_("tess").merges(change.number, MergeMethod.SQUASH)
    world.advance(seconds=10)

    merged = world.look(change)
    assert (merged.state, merged.merged_by, merged.method) == (ChangeState.MERGED, "tess", MergeMethod.SQUASH)
    assert actions(world, f"change {change.number}")[-1] == "merged behind our back"
    assert world.deployments(Environment.PRODUCTION) == []


def test_somebody_squashes_a_hotfix_at_github(connected_merged: ConnectedWorld) -> None:
    """Approved and all: main would not hold the commit that was proved, so nothing is released of it."""
    world = connected_merged
    change = world.hotfix()
    before = len(world.deployments(Environment.PRODUCTION))
    world.github.as_("tess").merges(change.number, MergeMethod.SQUASH)
    world.advance(seconds=10)

    assert world.look(change).method is MergeMethod.SQUASH
    assert len(world.deployments(Environment.PRODUCTION)) == before
    told = f"Change {change.number}, a hotfix, was merged behind our back: nothing of it was tagged or released."
    assert any(told in line for line in world.differences())


def test_somebody_merges_a_hotfix_at_github(connected_merged: ConnectedWorld) -> None:
    """With the gate open it is released and brought back to staging, as if it had been asked for here; v1.1.0, which is
    on main already, is left behind."""
    world = connected_merged
    change = world.hotfix()
    world.github.as_("tess").merges(change.number, MergeMethod.MERGE)
    world.advance(seconds=10)
    world.advance(seconds=10)

    assert world.look(change).method is MergeMethod.MERGE
    live = world.deployments(Environment.PRODUCTION)[-1]
    assert (live.revision.commit, live.state) == (change.head.commit, DeploymentState.SUCCEEDED)
    with world.store.reading() as tx:
        assert any((one.source, one.target) == ("main", "staging") for one in tx.changes.open())


def test_somebody_tags_at_github(connected_merged: ConnectedWorld) -> None:
    """No deployment begins, and the board tells why the tags are strange."""
    world = connected_merged
    for tag in ("v1.1.0", "v1.2.0"):
        world.repository.move(f"refs/tags/{tag}", world.revision("main").commit)

    world.advance(seconds=10)

    assert world.differences() == [
        "v1.1.0: The tag v1.1.0 is there, but the release v1.1.0 is merged: no deployment was begun.",
        "v1.2.0: The tag v1.2.0 was not published through the gate, and stands above v1.0.0, the last release.",
    ]
    assert len(world.production.deploys()) == 1


def test_somebody_deploys_at_render(connected_two: ConnectedWorld) -> None:
    world = connected_two
    ours, theirs = world.revision("v1.1.0").short, world.revision("v1.0.0")
    world.production.deployed_by_hand(theirs.commit)
    world.post.send("render", "deploy_ended", {"type": "deploy_ended"})
    world.advance(seconds=10)
    world.post.send("render", "deploy_ended", {"type": "deploy_ended"})
    world.advance(seconds=10)

    told = f"By our record production-2 ({ours}) is live, but {theirs.short} receives the traffic."
    assert world.differences() == [f"production api: {told}"]
    assert world.record("production api") == [("staging-gate", MOVED, told)]

    assert world.roll_back("v1.0.0").state is DeploymentState.SUCCEEDED
    assert world.production.live() == "v1.0.0"
    assert world.differences() == []


def test_somebody_switches_auto_deploy_on_and_pushes(connected_two: ConnectedWorld) -> None:
    """The next deployment of ours switches it off again."""
    world = connected_two
    world.production.at_render().auto_deploy = "yes"
    commit = world.push("main", {"hack.py": "x\n"}, by="ben").commit
    world.render.push(world.production.at_render().id, commit)
    world.post.send("render", "deploy_ended", {"type": "deploy_ended"})
    world.advance(seconds=10)

    assert MOVED in actions(world, "production api")
    assert f"{commit[:10]} receives the traffic" in " ".join(world.differences())

    world.roll_back("v1.0.0")
    assert world.production.at_render().auto_deploy == "no"
    assert world.production.live() == "v1.0.0"
