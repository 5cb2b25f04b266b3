"""A provider goes silent in the middle of a deployment to production: who is on call hears of it within minutes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from staging_gate.cli import show
from staging_gate.domain.deployment import DeploymentState
from staging_gate.queries.deployments import timeline
from staging_gate.queries.plain import plain
from staging_gate.runbook import ticking
from staging_gate.runbook.losing_sight import LOST, SEEN_AGAIN
from staging_gate.testing.world import World
from tests.runbook.conftest import Beginnings
from tests.runbook.stories import actions
from tests.runbook.test_notifying import CHANNEL, DORA, give_addresses

AWAY = "The deploy target does not answer."
ID = "production-2"


@pytest.fixture
def ready(beginnings: Beginnings, tmp_path: Path) -> Iterator[World]:
    """v1.1.0 can be published; dora is on call."""
    with beginnings.after(v1_1_0_can_be_published, tmp_path) as world:
        yield world


def v1_1_0_can_be_published(world: World) -> None:
    give_addresses(world)
    world.release("v1.0.0")
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")
    world.advance(seconds=1)
    world.notices.sent.clear()


def publish(world: World, meanwhile: Callable[[], None], call: str = "switch") -> None:
    """`meanwhile` happens in the middle of the switch."""
    world.away["deploy target"].just_before(call, meanwhile)
    world.publish("v1.1.0")
    world.advance(seconds=1)


def look(world: World) -> None:
    targets = {world.provider: cast(Any, world.away["deploy target"])}
    ticking.tick(replace(world.ports, targets=targets))


def silent(world: World, minutes: float) -> None:
    """It is seen every half minute that nobody answers."""
    target = world.away["deploy target"]
    target.away_for(1_000, "live")
    for _ in range(int(minutes * 2)):
        world.clock.advance(seconds=30)
        look(world)
    target.away_for(0, "live")


def test_who_is_on_call_is_paged_once_and_hears_when_it_answers_again(ready: World) -> None:
    def outage() -> None:
        silent(ready, minutes=20)

    publish(ready, outage)

    assert ready.deployment(ID).state is DeploymentState.SUCCEEDED
    titles = [f"{ID}: nobody can tell what production runs", f"{ID}: what production runs is known again"]
    assert [title for title in ready.notices.to(DORA) if title.startswith(ID)] == titles
    assert [title for title in ready.notices.to(CHANNEL) if title.startswith(ID)] == titles
    assert AWAY in ready.notices.expect(DORA, titles[0]).body
    assert [one for one in actions(ready, ID) if one in (LOST, SEEN_AGAIN)] == [LOST, SEEN_AGAIN]


def test_a_short_silence_is_on_the_record_and_wakes_nobody(ready: World) -> None:
    publish(ready, lambda: silent(ready, minutes=4))

    assert [one for one in actions(ready, ID) if one in (LOST, SEEN_AGAIN)] == [LOST, SEEN_AGAIN]
    assert [title for title in ready.notices.to(DORA) if title.startswith(ID)] == []


def test_the_deployment_says_so_meanwhile(ready: World, capsys: pytest.CaptureFixture[str]) -> None:
    def outage() -> None:
        silent(ready, minutes=3)
        show.deployment(plain(timeline(ready.ports, ID)))
        look(ready)
        show.deployment(plain(timeline(ready.ports, ID)))

    publish(ready, outage)

    told = f"nobody can tell what it does  {AWAY} So it is since 10:"
    assert capsys.readouterr().out.count(told) == 1


def test_nobody_is_asked_while_a_deployment_is_young(ready: World) -> None:
    def outage() -> None:
        ready.away["deploy target"].away_for(1_000, "live")
        ready.clock.advance(seconds=50)
        look(ready)
        ready.away["deploy target"].away_for(0, "live")

    publish(ready, outage)

    assert LOST not in actions(ready, ID)
