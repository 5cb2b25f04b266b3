"""Bypasses on the pages: nobody overlooks them."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from staging_gate.domain.bypass import Bypass
from staging_gate.queries.board import board
from staging_gate.queries.deployments import Timeline, timeline
from staging_gate.runbook import bypassing
from staging_gate.server.web.pages import page
from staging_gate.testing.world import World

ZONE = ZoneInfo("UTC")
WHY = "customers can not log in & wait"


@pytest.fixture
def told(tmp_path: Path) -> Iterator[World]:
    """v1.0.0 is on its way to production, though nobody has tried it in staging."""
    world = World.begin(tmp_path)
    world.ship_to_staging(tested=False)
    change = world.prepare_release("v1.0.0", merged=False)
    give(world)
    world.merge(change, "tess")
    yield world
    world.close()


def give(world: World) -> Bypass:
    return bypassing.bypass(world.ports, "v1.0.0", "not_tested_by_a_person", WHY, world.person("tess"))


def board_of(world: World) -> str:
    return bytes(page("board_content.html", board=board(world.ports), zone=ZONE).body).decode()


def test_the_board_shows_it_from_the_moment_it_is_given_until_a_day_after_it_was_used(told: World) -> None:
    with told.store.reading() as tx:
        [given] = tx.bypasses.about("v1.0.0")
    shown = board_of(told)
    assert "tess lets not_tested_by_a_person of v1.0.0 be passed (in force, until " in shown
    assert "customers can not log in &amp; wait" in shown
    assert f"gate bypass withdraw {given.id}" in shown

    told.publish("v1.0.0")
    used = board_of(told)
    assert "be passed (used for production-1): customers" in used
    assert "gate bypass withdraw" not in used

    told.advance(hours=25)
    assert "be passed" not in board_of(told)


def test_the_page_of_a_deployment_says_what_it_relied_on(told: World) -> None:
    told.publish("v1.0.0")
    assert [one.state for one in _timeline(told, "production-1").bypasses] == ["used for production-1"]
    said = "tess lets not_tested_by_a_person of v1.0.0 be passed (used for production-1)"
    assert said in page_of(told, "production-1")
    assert "be passed" not in page_of(told, "staging-1")


def page_of(world: World, id: str) -> str:
    shown = page("deployment_content.html", timeline=_timeline(world, id), now=world.clock.now(), zone=ZONE)
    return bytes(shown.body).decode()


def _timeline(world: World, id: str) -> Timeline:
    found = timeline(world.ports, id)
    assert found
    return found
