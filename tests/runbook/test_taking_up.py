"""A merge that an outage of GitHub interrupts: nobody has to press again when GitHub is back."""

from datetime import timedelta

import pytest

from staging_gate.domain.change import ChangeState
from staging_gate.domain.environment import Environment
from staging_gate.domain.notification import Event
from staging_gate.runbook import ticking
from staging_gate.testing.connected import ConnectedWorld
from staging_gate.testing.connected.world import DOWN
from tests.runbook.stories import actions

pytestmark = pytest.mark.usefixtures("a_run_breaks")


def test_it_waits_while_github_is_away_and_goes_on_once(connected: ConnectedWorld) -> None:
    world = connected
    world.approve(change := world.change("feat: one"))
    world.away["code host"].just_before("merge", lambda: world.goes_down(world.github, hours=2))
    assert world.merge(change).is_being_merged

    world.advance(hours=1)
    assert world.look(change).is_being_merged

    world.advance(hours=1)
    ticking.tick(world.ports)
    world.settle()
    assert world.look(change).state is ChangeState.MERGED
    assert actions(world, f"change {change.number}").count("merge taken up") == 1
    assert len(world.deployments(Environment.STAGING)) == 1


def test_one_that_github_had_done_is_recorded_and_not_repeated(connected: ConnectedWorld) -> None:
    world = connected
    world.approve(change := world.change("feat: one"))
    until = world.clock.now() + timedelta(hours=6)
    world.github.loses_its_reply_after("PUT", "/merge")
    world.github.web.away = lambda: DOWN if done_there(world) and world.clock.now() < until else None
    assert world.merge(change).is_being_merged

    world.advance(hours=6)

    assert world.look(change).state is ChangeState.MERGED
    assert len(world.github.host.commits(None, "staging")) == 2
    assert len(world.deployments(Environment.STAGING)) == 1


def test_after_hours_it_is_given_up_and_asked_for_again(connected: ConnectedWorld) -> None:
    world = connected
    world.approve(change := world.change("feat: one"))
    world.away["code host"].just_before("merge", lambda: world.goes_down(world.github, hours=4))
    world.merge(change)

    world.advance(hours=4)

    assert not world.look(change).is_being_merged
    assert (
        "ben",
        "merge given up",
        "The code host was away for too long: whoever wants it asks again.",
    ) in world.record(f"change {change.number}")
    with world.store.reading() as tx:
        (notice,) = [one for one in tx.notices.about(f"change {change.number}") if one.event is Event.MERGE_GIVEN_UP]
    assert notice.people == ("ben",)
    assert notice.body.startswith("The code host was away for too long: whoever wants it asks again.")
    assert world.merge(change).state is ChangeState.MERGED


def test_one_that_was_given_up_and_merged_at_github_is_done_once(connected: ConnectedWorld) -> None:
    world = connected
    world.approve(change := world.change("feat: one"))
    world.away["code host"].just_before("merge", lambda: world.goes_down(world.github, hours=4))
    world.merge(change)
    world.advance(hours=4)
    ticked: list[bool] = []

    def tick() -> None:
        ticking.tick(world.ports)
        ticked.append(True)

    world.away["code host"].just_before("merge", tick)
    world.github.as_("ada").merges(change.number)

    world.advance(seconds=10)

    assert world.look(change).state is ChangeState.MERGED
    assert ticked == [True]
    assert "merge taken up" not in actions(world, f"change {change.number}")


def done_there(world: ConnectedWorld) -> bool:
    return any(one.merged_as for one in world.github.pulls)
