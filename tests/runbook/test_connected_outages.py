"""GitHub or Render are down for an hour, or do not take our key any more: what can go on goes on, nothing is lost, and
no release is called bad for it."""

from datetime import timedelta

import pytest

from staging_gate.domain.change import ChangeState
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import ReleaseState
from staging_gate.ports.errors import Unavailable
from staging_gate.testing.connected import ConnectedWorld
from staging_gate.testing.connected.providers import TOKEN

PRODUCTION = Environment.PRODUCTION


def test_github_is_down_and_somebody_merges(connected: ConnectedWorld) -> None:
    world = connected
    world.approve(change := world.change("feat: one"))

    with world.down(world.github):
        with pytest.raises(Unavailable, match="GitHub answered 503"):
            world.merge(change)
        world.advance(hours=1)
        [told] = [one for one in world.differences() if one.startswith("code host")]
    assert "Branches and tags are shown as of 2026-03-05 10:00 UTC; rollbacks go on, merges and tags wait." in told

    assert world.merge(change).state is ChangeState.MERGED
    assert world.differences() == []


@pytest.mark.usefixtures("a_run_breaks")
def test_github_goes_down_in_the_middle_of_a_merge(connected: ConnectedWorld) -> None:
    """Nobody has to ask again."""
    world = connected
    world.approve(change := world.change("feat: one"))
    world.away["code host"].just_before("merge", lambda: world.goes_down(world.github, hours=1))

    assert world.merge(change).state is ChangeState.OPEN
    assert ("ben", "merge interrupted") in [(by, what) for by, what, _ in world.record(f"change {change.number}")]
    world.advance(hours=1)

    assert world.look(change).state is ChangeState.MERGED
    assert [one.merged_as is not None for one in world.github.pulls] == [True]
    assert len(world.deployments(Environment.STAGING)) == 1
    assert world.differences() == []


def test_github_goes_down_while_production_is_deployed(connected_merged: ConnectedWorld) -> None:
    world = connected_merged
    world.away["deploy target"].just_before("switch", lambda: world.goes_down(world.github))

    assert world.publish("v1.1.0").state is DeploymentState.SUCCEEDED

    assert world.production.live() == "v1.1.0"


def test_github_is_down_and_production_is_rolled_back(connected_two: ConnectedWorld) -> None:
    """It is never blocked."""
    world = connected_two
    world.advance(minutes=1)
    with world.down(world.github):
        world.advance(hours=1)
        assert world.roll_back("v1.0.0").state is DeploymentState.SUCCEEDED
    assert world.production.live() == "v1.0.0"
    assert world.differences() == []


def test_the_token_for_github_is_revoked_while_production_is_deployed(connected_merged: ConnectedWorld) -> None:
    world = connected_merged
    world.away["deploy target"].just_before("switch", world.github.revoke)

    assert world.publish("v1.1.0").state is DeploymentState.SUCCEEDED

    [told] = [one for one in world.differences() if one.startswith("code host")]
    assert "the token is wrong, was revoked, or may not read the contents" in told
    world.github.grant("gate[bot]", TOKEN, is_bot=True)
    assert world.differences() == []


def test_render_is_down_for_an_hour_while_production_is_deployed(connected_merged: ConnectedWorld) -> None:
    world = connected_merged
    world.away["deploy target"].just_before("switch", lambda: world.goes_down(world.render, hours=1))

    published = world.publish("v1.1.0")

    assert published.state is DeploymentState.SUCCEEDED
    assert world.production.live() == "v1.1.0"
    assert [trigger for _, trigger, _ in world.production.deploys()] == ["api", "api"]
    assert published.ended_at and published.started_at
    assert timedelta(hours=1) < published.ended_at - published.started_at < timedelta(hours=1, minutes=5)


def test_the_key_for_render_is_revoked_while_production_is_deployed(connected_merged: ConnectedWorld) -> None:
    """Nobody knows what is live, so a person is called; the release is not called bad."""
    world = connected_merged
    world.away["deploy target"].just_before("switch", lambda: setattr(world.render, "revoked", True))

    published = world.publish("v1.1.0")

    assert "The API key is not accepted (any more): make one under Account Settings at Render" in published.failure
    assert release_of(world) is ReleaseState.PUBLISHED
    with world.store.reading() as tx:
        [incident] = tx.incidents.open()
        assert tx.releases.quarantines() == []
    assert "did not succeed: a person has to act now" in incident.title
    assert any("production api: What receives the traffic is unknown" in one for one in world.differences())

    world.render.revoked = False
    world.advance(hours=1)
    assert world.production.live() == "v1.0.0"
    assert live(world).release == "v1.0.0"
    assert world.differences() == []
    assert len(world.production.deploys()) == 1


def release_of(world: ConnectedWorld) -> ReleaseState:
    with world.store.reading() as tx:
        release = tx.releases.get("v1.1.0")
    assert release
    return release.state


def live(world: ConnectedWorld) -> Deployment:
    found = world.live(PRODUCTION)
    assert found
    return found
