"""GitHub and Render did what we asked, and the answer never came: nothing is done twice."""

import pytest

from staging_gate.domain.change import ChangeState
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.testing.connected import ConnectedWorld

STAGING = Environment.STAGING


def test_the_reply_is_lost_after_the_merge(connected: ConnectedWorld) -> None:
    world = connected
    world.approve(change := world.change("feat: one"))
    world.github.loses_its_reply_after("PUT", "/merge")

    merged = world.merge(change)

    assert merged.state is ChangeState.MERGED
    assert len(world.github.host.commits(None, "staging")) == 2
    assert [deployment.state for deployment in world.deployments(STAGING)] == [DeploymentState.SUCCEEDED]
    assert world.staging.live_commit() == world.revision("staging").commit


def test_the_reply_is_lost_after_the_branch_was_deleted(connected: ConnectedWorld) -> None:
    world = connected
    world.approve(change := world.change("feat: one", branch="feature/one"))
    world.github.loses_its_reply_after("DELETE", "/git/refs/heads/feature/one")

    world.merge(change)

    assert sorted(world.github.host.branches()) == ["main", "staging"]
    assert len(world.deployments(STAGING)) == 1


@pytest.mark.parametrize("call", ["/git/tags", "/git/refs"])
def test_the_reply_is_lost_after_the_tag(connected_merged: ConnectedWorld, call: str) -> None:
    world = connected_merged
    world.github.loses_its_reply_after("POST", call)

    published = world.publish("v1.1.0")

    assert published.state is DeploymentState.SUCCEEDED
    assert world.github.host.tags()["v1.1.0"].annotated
    assert len(world.production.deploys()) == 2
    assert world.production.live() == "v1.1.0"


def test_the_reply_is_lost_after_the_deploy(connected_merged: ConnectedWorld) -> None:
    world = connected_merged
    world.render.lose_reply("POST deploys")

    published = world.publish("v1.1.0")

    assert published.state is DeploymentState.SUCCEEDED
    assert [(trigger, status) for _, trigger, status in world.production.deploys()] == [
        ("api", "deactivated"),
        ("api", "live"),
    ]


def test_the_reply_is_lost_after_the_rollback(connected_two: ConnectedWorld) -> None:
    world = connected_two
    world.render.lose_reply("POST rollback")

    rolled_back = world.roll_back("v1.0.0")

    assert rolled_back.state is DeploymentState.SUCCEEDED
    assert world.production.live() == "v1.0.0"
    assert [trigger for _, trigger, _ in world.production.deploys()] == ["api", "api", "rollback"]


def test_the_reply_is_lost_after_a_bad_release_was_taken_back(connected_merged: ConnectedWorld) -> None:
    world = connected_merged
    world.production.next_smoke_fails("login")
    world.render.lose_reply("POST rollback")

    published = world.publish("v1.1.0")

    assert published.state is DeploymentState.ROLLED_BACK
    assert world.production.live() == "v1.0.0"
    assert [trigger for _, trigger, _ in world.production.deploys()] == ["api", "api", "rollback"]
