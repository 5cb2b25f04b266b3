"""The inbox of webhooks: durable, each once, forgotten when it was settled long ago."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from staging_gate.domain.delivery import Delivery, Lag
from staging_gate.ports.errors import Unavailable
from staging_gate.store import SqliteInbox

AT = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
PUSH = Delivery("github", "72d3162e", "push", AT, b'{"ref": "refs/heads/main"}\0\xff')


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[SqliteInbox]:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    yield inbox
    inbox.close()


def test_what_is_kept_is_what_came(inbox: SqliteInbox) -> None:
    inbox.keep([PUSH])
    assert inbox.get("github", "72d3162e") == PUSH
    assert inbox.get("github", "another") is None
    assert inbox.recent() == [replace(PUSH, body=b"")]
    assert inbox.lags() == [Lag("github", AT, 1, AT)]


def test_one_that_comes_again_is_there_once(inbox: SqliteInbox) -> None:
    inbox.keep([PUSH, PUSH])
    inbox.keep([replace(PUSH, event="later", body=b"later"), replace(PUSH, provider="render")])
    assert [one.provider for one in inbox.recent()] == ["render", "github"]
    assert inbox.get("github", "72d3162e") == PUSH


def test_the_newest_is_shown_first(inbox: SqliteInbox) -> None:
    inbox.keep([replace(PUSH, key=str(n)) for n in range(5)])
    assert [one.key for one in inbox.recent(limit=2)] == ["4", "3"]


def test_what_is_settled_waits_no_more_and_is_forgotten_after_two_weeks(inbox: SqliteInbox) -> None:
    assert (inbox.newest(), inbox.lags()) == (0, [])
    inbox.keep([PUSH, replace(PUSH, key="again")])
    seen, later = inbox.newest(), AT + timedelta(seconds=1)
    inbox.keep([replace(PUSH, key="later", received_at=later)])

    inbox.settle(seen, later)
    assert inbox.lags() == [Lag("github", later, 1, later)]
    assert [one.settled_at for one in inbox.recent()] == [None, later, later]

    inbox.settle(seen, AT + timedelta(days=15))
    assert [one.key for one in inbox.recent()] == ["later"]
    inbox.settle(inbox.newest(), AT + timedelta(days=15))
    assert inbox.lags() == [Lag("github", later)]
    inbox.keep([replace(PUSH, key="new")])
    assert inbox.lags() == [Lag("github", later, 1, AT)]


def test_it_is_there_after_a_restart_and_nobody_else_may_read_it(inbox: SqliteInbox, tmp_path: Path) -> None:
    inbox.keep([PUSH])
    assert SqliteInbox(tmp_path / "inbox.db").get("github", "72d3162e") == PUSH
    assert (tmp_path / "inbox.db").stat().st_mode & 0o077 == 0


def test_all_of_a_group_or_none(inbox: SqliteInbox) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        inbox.keep([PUSH, replace(PUSH, key="2", body=None)])  # type: ignore[arg-type]
    assert inbox.recent() == []


def test_a_disk_that_takes_nothing_more(inbox: SqliteInbox, tmp_path: Path) -> None:
    inbox.keep([PUSH])
    pages = inbox._writer.execute("PRAGMA page_count").fetchone()[0]
    inbox._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="The inbox of webhooks can not be written: nothing was kept"):
        inbox.keep([replace(PUSH, key="large", body=bytes(100_000))])
    inbox._writer.execute("PRAGMA max_page_count = 1000000")
    inbox.keep([replace(PUSH, key="small")])
    assert [one.key for one in inbox.recent()] == ["small", "72d3162e"]
