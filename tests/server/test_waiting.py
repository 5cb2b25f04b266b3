"""What goes by itself, on the board."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from staging_gate.queries.board import board
from staging_gate.runbook import merging
from staging_gate.server.web.pages import page
from staging_gate.testing.world import World


def board_of(world: World) -> str:
    return bytes(page("board_content.html", board=board(world.ports), zone=ZoneInfo("UTC")).body).decode()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.begin(tmp_path)
    yield world
    world.close()


def test_the_board_says_what_goes_by_itself_and_why_not_yet(world: World) -> None:
    change = world.change("feat: <dark> mode")
    assert "Goes by itself" not in board_of(world)
    merging.merge_when_ready(world.ports, change.number, None, world.person("ada"))
    shown = board_of(world)

    assert "Goes by itself" in shown
    assert "<b>change 1</b> feat: &lt;dark&gt; mode" in shown
    assert "change 1 goes as soon as the gate opens: Approvals are missing" in shown
