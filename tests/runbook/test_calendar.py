"""Windows and freezes in the procedures: what waits, what is refused at the last moment, and what nothing delays."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.queries.waiting import waiting
from staging_gate.runbook import holding, merging, redeploying, releasing
from staging_gate.runbook.cancelling import cancel_deployment
from staging_gate.runbook.deciding import Closed
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World

# The world's clock begins on Thursday 2026-03-05 at 10:00 UTC.
CALENDAR = """\
time_zone: Europe/London
calendar:
  production_windows: [thu 10:00-16:00]
  freezes:
    - {from: 2026-03-12, until: 2026-03-15, why: stock-taking, environments: [staging, production]}
"""
Made = Callable[..., World]


@pytest.fixture
def world(made: Made) -> World:
    """v1.0.0 is in production, v1.1.0 is merged."""
    world = made(policy=gate_yaml() + CALENDAR)
    world.release("v1.0.0")
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")
    return world


def test_a_release_is_published_in_a_window_only(world: World) -> None:
    assert world.explain("v1.1.0", "tess").open
    world.clock.advance(hours=6)
    [reason] = world.explain("v1.1.0", "tess").reasons
    assert (reason.code, reason.bypass) == ("outside_window", ("tech_lead",))
    assert reason.until == datetime(2026, 3, 19, 10, tzinfo=UTC)  # the next Thursday is frozen


def come_to_its_turn_in_a_freeze(world: World) -> None:
    """v1.1.0 was queued behind another deployment in the window, and the freeze began meanwhile."""

    def queue_it_and_wait() -> None:
        run = releasing.publish(world.ports, "v1.1.0", world.person("tess"))
        assert run
        world.engine.wait(run, within=20)
        world.clock.advance(days=7)

    world.away["deploy target"].just_before("start", queue_it_and_wait)
    redeploying.redeploy(world.ports, Environment.PRODUCTION, world.person("dora"))
    world.settle()


def test_a_release_that_comes_to_its_turn_in_a_freeze_goes_when_it_is_over(world: World) -> None:
    come_to_its_turn_in_a_freeze(world)
    world.advance(seconds=10)
    assert world.production.live() == "v1.0.0"
    held = world.deployment("production-3")
    assert (held.release, held.state, held.started_at) == ("v1.1.0", DeploymentState.QUEUED, None)
    [(actor, _, why)] = [each for each in world.record("production-3") if each[1] == "deployment waits"]
    assert actor == "staging-gate"
    assert "Production is frozen until Mon 2026-03-16 00:00 GMT: stock-taking." in why
    assert "It opens on Thu 2026-03-19 10:00 GMT" in why
    assert waiting(world.ports)[0].said == "production-3 waits until Thu 2026-03-19 10:00 GMT."

    world.advance(days=7)
    assert world.production.live() == "v1.1.0"
    assert world.deployment("production-3").state is DeploymentState.SUCCEEDED


def test_what_waits_in_the_queue_is_refused_where_a_person_has_to_act(world: World) -> None:
    come_to_its_turn_in_a_freeze(world)
    stop = holding.hold(world.ports, Environment.PRODUCTION, "look first", world.person("dora"))
    world.advance(seconds=10)

    refused = world.deployment("production-3")
    assert refused.state is DeploymentState.ABORTED, "more than time decides on it now"
    assert "dora holds promotions to production: look first" in refused.failure
    holding.lift_hold(world.ports, stop.id, "looked", world.person("dora"))


def test_what_waits_in_the_queue_is_cancelled(world: World) -> None:
    come_to_its_turn_in_a_freeze(world)
    cancel_deployment(world.ports, "production-3", world.person("tess"))
    world.advance(days=7)

    assert world.production.live() == "v1.0.0"
    assert world.deployment("production-3").failure == "tess cancelled it."


def test_a_release_that_fails_takes_itself_back_though_a_freeze_has_begun(world: World) -> None:
    world.production.next_smoke_fails(where="public")
    world.away["deploy target"].just_before("switch", lambda: world.clock.advance(days=7))
    failed = world.publish("v1.1.0")
    assert failed.state is DeploymentState.ROLLED_BACK
    assert world.production.live() == "v1.0.0"


def test_a_person_rolls_back_in_a_freeze(world: World) -> None:
    world.publish("v1.1.0")
    world.clock.advance(days=8)
    assert world.roll_back().state is DeploymentState.SUCCEEDED
    assert world.production.live() == "v1.0.0"


def test_what_is_live_is_deployed_again_at_any_time(world: World) -> None:
    world.publish("v1.1.0")
    world.clock.advance(days=8)
    again = redeploying.redeploy(world.ports, Environment.PRODUCTION, world.person("dora"))
    world.settle()
    assert world.deployment(again.id).state is DeploymentState.SUCCEEDED


def test_a_frozen_staging_takes_no_merges_until_the_freeze_is_over(world: World) -> None:
    world.publish("v1.1.0")
    world.clock.advance(days=8)
    change = world.change()
    world.approve(change)
    with pytest.raises(Closed) as refused:
        merging.merge(world.ports, change.number, None, world.person("ben"))
    [reason] = refused.value.decision.reasons
    assert (reason.code, reason.until) == ("freeze", datetime(2026, 3, 16, tzinfo=UTC))
    world.clock.advance(days=3)
    assert world.merge(change).merged is not None


def test_a_releases_change_is_merged_in_a_freeze_as_it_deploys_nothing(world: World) -> None:
    world.publish("v1.1.0")
    world.ship_to_staging("feat: tables")
    world.clock.advance(days=8)
    assert world.prepare_release("v1.2.0").merged is not None
    assert world.production.live() == "v1.1.0"
