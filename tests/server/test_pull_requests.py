"""The page of a change that is a pull request: what was said of it there, who merged it, and past whom."""

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from staging_gate.cli import show
from staging_gate.messages.decisions import headline
from staging_gate.queries.changes import view
from staging_gate.queries.plain import plain
from staging_gate.runbook import merging, reconcile
from staging_gate.server.web.pages import templates
from staging_gate.testing.connected import ConnectedWorld

TAG = re.compile(r"<[^>]+>")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ConnectedWorld]:
    world = ConnectedWorld.begin(tmp_path / "world")
    yield world
    world.close()


@pytest.fixture
def number(world: ConnectedWorld) -> int:
    """Opened at GitHub, approved by ben there, with our verdict beside the checks of others."""
    head = world.push("feature/login", {"login.py": "x = 1\n"}).commit
    number = world.github.as_("ada").opens("feature/login")
    for name, state in (("staging-gate", "pending"), ("lint", "success")):
        world.github.statuses.setdefault(head, []).append({"context": name, "state": state})
    world.github.as_("ben").reviews(number, "APPROVED")
    look(world)
    return number


def look(world: ConnectedWorld) -> None:
    world.clock.advance(seconds=10)
    reconcile.catch_up(world.ports, told=True)
    world.settle()


def page(world: ConnectedWorld, number: int) -> str:
    """What can be read of it."""
    shown = view(world.ports, number, world.person("dana"))
    html = templates.get_template("change.html").render(
        by=world.person("dana"), view=shown, place=None, headline=headline, zone=UTC
    )
    return " ".join(TAG.sub(" ", html).split())


def test_while_it_is_open(world: ConnectedWorld, number: int) -> None:
    read = page(world, number)

    assert "ben: approved" in read
    assert "pending staging-gate" in read
    assert "passed lint" in read
    assert "merged" not in read.lower().replace("to be merged", "")


def test_merged_through_the_gate(world: ConnectedWorld, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    merging.merge(world.ports, number, None, world.person("ada"))
    world.settle()
    look(world)
    read = page(world, number)

    merged = f"as {world.revision('staging').short} by ada, squash"
    assert f"merged {merged}, " in read
    assert "passed lint" in read
    assert "staging-gate" not in read
    assert "behind our back" not in read
    show.change(plain(view(world.ports, number, world.person("dana"))))
    assert f"merged {merged}\n" in capsys.readouterr().out


def test_merged_by_hand_past_the_gate(world: ConnectedWorld, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    world.github.as_("ben").reviews(number, "CHANGES_REQUESTED")
    commit = world.github.as_("ben").merges(number)
    look(world)
    read = page(world, number)

    assert f"merged as {commit[:10]} by ben, " in read
    told = f"ben merged pull request {number} into staging at the code host"
    assert f"Merged behind our back {told}" in read
    show.change(plain(view(world.ports, number, world.person("dana"))))
    assert f"merged behind our back {told}" in " ".join(capsys.readouterr().out.split())
