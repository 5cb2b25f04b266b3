"""A webhook is a hint: we read again how it is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from staging_gate.domain.delivery import Delivery
from staging_gate.ports.code_host import CodeHost
from staging_gate.ports.errors import Unavailable
from staging_gate.runbook import hearing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.store import SqliteInbox
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.world import World


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[SqliteInbox]:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    yield inbox
    inbox.close()


def delivery(number: int, provider: str = "github") -> Delivery:
    return Delivery(provider, str(number), "push", MovableClock().now(), b"{}")


def test_what_was_pushed_behind_our_back_is_seen_at_once(world: World, inbox: SqliteInbox) -> None:
    change = world.change("feat: a", branch="feature/a")
    tip = world.revision("feature/a").commit
    commit = world.repository.commit(tip, {"more.txt": "more\n"}, "more", "ada", world.clock.now())
    world.repository.move("refs/heads/feature/a", commit)
    inbox.keep([delivery(1), delivery(2)])

    hearing.look_again(world.ports, inbox)

    assert world.look(change).head.commit == commit
    assert all(one.settled_at for one in inbox.recent())


def test_what_could_not_be_looked_at_waits(world: World, inbox: SqliteInbox) -> None:
    world.change("feat: a", branch="feature/a")
    inbox.keep([delivery(1)])
    away = world.away["code host"]
    away.away_for(1, "revision")

    with pytest.raises(Unavailable):
        hearing.look_again(replace(world.ports, code_host=cast(CodeHost, away)), inbox)
    assert inbox.recent()[0].settled_at is None

    hearing.look_again(world.ports, inbox)
    assert inbox.recent()[0].settled_at


def test_how_far_we_are_behind(inbox: SqliteInbox) -> None:
    assert [lag.last for lag in hearing.lags(inbox, ["github", "render"])] == [None, None]

    inbox.keep([delivery(1), delivery(2)])
    github, render = hearing.lags(inbox, ["github", "render"])
    at = delivery(1).received_at
    assert (github.waiting, github.since, render.waiting) == (2, at, 0)
    assert not github.late(at + timedelta(minutes=1))
    assert github.late(at + timedelta(minutes=1, seconds=1))


def test_what_a_webhook_brought_is_not_for_everybody(world: World, inbox: SqliteInbox) -> None:
    inbox.keep([delivery(1)])
    assert hearing.read(inbox, "github", "1", world.person("root")).body == b"{}"
    with pytest.raises(Unusable, match="What a webhook brought is shown to devops and admin only"):
        hearing.read(inbox, "github", "1", world.person("ada"))
    with pytest.raises(Unknown, match="There is no delivery '2' of github"):
        hearing.read(inbox, "github", "2", world.person("root"))
