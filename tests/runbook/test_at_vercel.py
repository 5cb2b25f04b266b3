"""The same procedures with the services at Vercel: proved without traffic, promoted, brought back at once."""

from datetime import timedelta

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import ReleaseState
from staging_gate.runbook.noting_traffic import MOVED
from staging_gate.testing.connected import ConnectedWorld, VercelWorld, connected_yaml
from staging_gate.testing.connected.policies import vercel_id
from staging_gate.testing.vercel import TOKEN
from staging_gate.testing.world import World
from tests.runbook.conftest import Beginnings
from tests.runbook.stories import v1_1_0_of_two_is_merged

PRODUCTION, STAGING = Environment.PRODUCTION, Environment.STAGING


def posts(world: ConnectedWorld, *words: str) -> list[str]:
    """What Vercel was asked to do in the end, such as `promote`."""
    asked = [one.path for one in world.vercel.web.asked if one.method == "POST"]
    return [word for path in asked for word in words if f"/{word}" in path]


def test_a_merge_is_a_preview_that_gets_the_domain(at_vercel: VercelWorld) -> None:
    world = at_vercel
    world.ship_to_staging("feat: one")

    tip = world.revision("staging").commit
    assert world.staging.live_commit() == tip
    assert world.staging.deployments() == [(tip, "READY")]
    assert world.production.live_commit() is None
    assert posts(world, "promote") == []
    assert world.differences() == []


def test_a_release_is_built_for_production_and_promoted(at_vercel_merged: VercelWorld) -> None:
    world = at_vercel_merged
    assert world.production.live() == "v1.0.0"

    published = world.publish("v1.1.0")

    assert published.state is DeploymentState.SUCCEEDED
    assert world.production.live() == "v1.1.0"
    assert [state for _, state in world.production.deployments()] == ["READY", "READY"]
    assert world.production.at_vercel().auto_assign is False
    assert world.production.smoke_tests(published.id) == ["api candidate", "api public"]
    assert world.differences() == []


def test_a_candidate_that_fails_its_smoke_tests_never_gets_the_traffic(at_vercel_merged: VercelWorld) -> None:
    world = at_vercel_merged
    world.production.next_smoke_fails("login", where="candidate")

    assert world.publish("v1.1.0").state is DeploymentState.FAILED

    assert posts(world, "promote", "rollback") == []
    assert world.production.live() == "v1.0.0"


def test_a_release_that_fails_in_public_is_taken_back_in_an_instant(at_vercel_merged: VercelWorld) -> None:
    world = at_vercel_merged
    built = len(world.production.deployments())
    world.production.next_smoke_fails("login")

    published = world.publish("v1.1.0")

    assert published.state is DeploymentState.ROLLED_BACK
    assert world.production.live() == "v1.0.0"
    assert posts(world, "promote", "rollback") == ["promote", "rollback"]
    assert len(world.production.deployments()) == built + 1
    assert world.production.at_vercel().auto_assign is False


def test_what_vercel_can_not_build_is_a_bad_release(at_vercel_merged: VercelWorld) -> None:
    world = at_vercel_merged
    world.production.ends(world.revision("main").commit, "ERROR")

    published = world.publish("v1.1.0")

    assert published.state is DeploymentState.FAILED
    assert "The build of api failed at Vercel" in published.failure
    assert world.production.live() == "v1.0.0"


# --- replies that are lost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["POST deployments", "POST promote"])
def test_the_reply_is_lost_while_a_release_is_deployed(at_vercel_merged: VercelWorld, call: str) -> None:
    world = at_vercel_merged
    world.vercel.lose_reply(call)

    assert world.publish("v1.1.0").state is DeploymentState.SUCCEEDED

    assert world.production.live() == "v1.1.0"
    assert posts(world, "deployments", "promote") == ["deployments", "promote"]


def test_the_reply_is_lost_after_the_rollback(at_vercel_two: VercelWorld) -> None:
    world = at_vercel_two
    world.vercel.lose_reply("POST rollback")

    assert world.roll_back("v1.0.0").state is DeploymentState.SUCCEEDED

    assert world.production.live() == "v1.0.0"
    assert posts(world, "deployments", "promote", "rollback") == ["rollback"]


def test_the_reply_is_lost_after_the_preview_got_the_domain(at_vercel: VercelWorld) -> None:
    world = at_vercel
    world.vercel.lose_reply("POST aliases")

    world.ship_to_staging("feat: one")

    assert [one.state for one in world.deployments(STAGING)] == [DeploymentState.SUCCEEDED]
    assert world.staging.live_commit() == world.revision("staging").commit


# --- outages and tokens ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["start", "wait_until_ready", "switch"])
def test_vercel_is_down_for_an_hour_while_production_is_deployed(at_vercel_merged: VercelWorld, call: str) -> None:
    world = at_vercel_merged
    world.away["deploy target"].just_before(call, lambda: world.goes_down(world.vercel, hours=1))

    published = world.publish("v1.1.0")

    assert published.state is DeploymentState.SUCCEEDED
    assert world.production.live() == "v1.1.0"
    assert posts(world, "promote") == ["promote"]
    assert published.ended_at and published.started_at
    assert timedelta(hours=1) < published.ended_at - published.started_at < timedelta(hours=1, minutes=5)


def test_the_token_is_revoked_while_production_is_deployed(at_vercel_merged: VercelWorld) -> None:
    """Nobody knows what is live, so a person is called; the release is not called bad."""
    world = at_vercel_merged
    world.away["deploy target"].just_before("switch", lambda: setattr(world.vercel, "token", "another"))

    published = world.publish("v1.1.0")

    assert "The token ended, was revoked, or is of another team" in published.failure
    with world.store.reading() as tx:
        release, [incident] = tx.releases.get("v1.1.0"), tx.incidents.open()
        assert tx.releases.quarantines() == []
    assert release and release.state is ReleaseState.PUBLISHED
    assert "did not succeed: a person has to act now" in incident.title
    assert any("production api: What receives the traffic is unknown" in one for one in world.differences())

    world.vercel.token = TOKEN
    world.advance(hours=1)
    assert world.production.live() == "v1.0.0"
    assert world.differences() == []
    assert posts(world, "promote") == []


# --- other hands, and webhooks ---------------------------------------------------------------------------------------


def tells(world: ConnectedWorld, event: str, key: str = "evt_1") -> None:
    world.post.send(
        "vercel", event, {"id": key, "type": event, "createdAt": 1, "payload": {"project": {"id": vercel_id("api")}}}
    )


@pytest.mark.parametrize("kind", ["promote", "rollback"])
def test_somebody_moves_production_at_vercel(at_vercel_two: VercelWorld, kind: str) -> None:
    world = at_vercel_two
    ours, theirs = world.revision("v1.1.0").short, world.revision("v1.0.0")
    world.production.moved_by_hand(theirs.commit, kind=kind)
    tells(world, f"deployment.{kind}")
    world.advance(seconds=10)

    [told] = world.differences()
    assert told.startswith(f"production api: By our record production-2 ({ours}) is live, but {theirs.short}")

    assert world.roll_back("v1.0.0").state is DeploymentState.SUCCEEDED
    assert world.production.live() == "v1.0.0"
    assert world.production.at_vercel().auto_assign is False
    assert world.differences() == []


def test_somebody_has_pushes_go_live_by_themselves(at_vercel_two: VercelWorld) -> None:
    """Noticed when Vercel tells of it, and the next deployment of ours ends it."""
    world = at_vercel_two
    world.production.at_vercel().auto_assign = True
    commit = world.push("main", {"hack.py": "x\n"}, by="ben").commit
    world.vercel.push(vercel_id("api"), commit)
    tells(world, "deployment.promoted")
    world.advance(seconds=10)

    assert MOVED in [action for _, action, _ in world.record("production api")]
    assert f"{commit[:10]} receives the traffic" in " ".join(world.differences())

    world.roll_back("v1.0.0")
    assert world.production.live() == "v1.0.0"
    assert world.production.at_vercel().auto_assign is False


def test_webhooks_are_lost_doubled_and_a_day_late(at_vercel: VercelWorld) -> None:
    """Vercel signs no moment, so an old one can not be told from a new one: it is looked again, and nothing is done."""
    world = at_vercel
    world.post.held = True
    for number, event in enumerate(("deployment.created", "deployment.succeeded", "deployment.ready")):
        tells(world, event, f"evt_{number}")
    world.ship_to_staging("feat: one")
    world.advance(days=1)
    record, built = world.record(), world.staging.deployments()
    letters = [one for one in world.post.letters if one.provider == "vercel"]

    assert [world.post.deliver(letter) for letter in (*reversed(letters), *letters)] == [202] * 6
    world.hear()

    kept = [one for one in world.post.inbox.recent() if one.provider == "vercel"]
    assert len(kept) == 3
    assert (world.record(), world.staging.deployments()) == (record, built)
    assert world.differences() == []


# --- a service at each -----------------------------------------------------------------------------------------------


def test_one_service_at_render_and_one_at_vercel_go_and_come_back_together(
    connected_beginnings: Beginnings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The team of the runbook has its backend at one, and its frontend at the other."""
    with connected_beginnings.after(api_at_render_and_web_at_vercel, tmp_path_factory.mktemp("both")) as world:
        assert isinstance(world, ConnectedWorld)
        world.production.next_smoke_fails("login", service="web")

        published = world.publish("v1.1.0")

        assert published.state is DeploymentState.ROLLED_BACK
        tag = world.github.host.tags()["v1.0.0"].commit
        assert world.production.live_commit("api") == tag
        host = world.vercel.projects[vercel_id("web")]
        served = host.find(host.leads["web.example"])
        assert served and served.commit == tag
        assert world.differences() == []


def api_at_render_and_web_at_vercel(world: World) -> None:
    v1_1_0_of_two_is_merged(world, connected_yaml(services=("api", "web"), at={"web": "vercel"}))
