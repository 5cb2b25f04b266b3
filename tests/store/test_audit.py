"""The record: written in the commit, in a chain, and never changed without being found out."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.audit import GENESIS, verify_chain
from staging_gate.domain.environment import Environment
from staging_gate.engine import writing
from staging_gate.store import SqlStore
from staging_gate.store.audit import PAGE, NotJson
from tests.store.conftest import MovableClock

ADA = Actor("ada")

JSON = {
    "text": "Zürich — 市場 \U0001f600 \0 \ud83d",
    "whole": 2**70,
    "fraction": 0.1,
    "one": 1.0,
    "huge": 1e300,
    "yes": True,
    "nothing": None,
    "list": [1, "two", [3.5]],
    "map": {"b": 1, "a": {"ü": "\u2028"}},
}


def write(store: SqlStore, count: int) -> None:
    with store.transaction() as tx:
        for number in range(1, count + 1):
            tx.audit(ADA, f"did {number}", "change-7", "because", number=number)


def test_an_entry_reads_back_as_it_was_written(store: SqlStore, clock: MovableClock) -> None:
    with store.transaction() as tx:
        tx.audit(ADA, "change opened", "change-7", "it is needed", **JSON)
        tx.audit(SYSTEM, "change checked", "change-7")
    with store.reading() as tx:
        opened, checked = tx.audit_log.entries()
        assert tx.audit_log.head() == (2, checked.hash)
        assert tx.audit_log.about("change-7") == [opened, checked]
        assert tx.audit_log.about("change-8") == []
    assert (opened.seq, opened.at, opened.actor, opened.action) == (1, clock.now(), "ada", "change opened")
    assert (opened.subject, opened.reason, opened.data) == ("change-7", "it is needed", JSON)
    assert opened.hash == opened.digest(GENESIS)
    assert checked.hash == checked.digest(opened.hash)
    assert (checked.actor, checked.data) == ("staging-gate", {})


def test_an_empty_record_begins_at_genesis(store: SqlStore) -> None:
    with store.reading() as tx:
        assert tx.audit_log.head() == (0, GENESIS)
        assert verify_chain(tx.audit_log.entries()).intact


def test_text_that_a_database_refuses_is_written_so_that_the_chain_holds(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.audit(Actor("a\0da"), "looked", "a\ud83dt", "NUL \0")
    with store.reading() as tx:
        (entry,) = tx.audit_log.entries()
        assert (entry.actor, entry.subject, entry.reason) == ("a␀da", "a?t", "NUL ␀")
        assert verify_chain([entry]).intact


def test_entries_come_in_order_from_where_one_was_and_as_many_as_asked_for(store: SqlStore) -> None:
    write(store, PAGE + 5)
    with store.reading() as tx:
        entries = tx.audit_log.entries
        assert [entry.seq for entry in entries()] == list(range(1, PAGE + 6))
        assert [entry.seq for entry in entries(since=PAGE + 3)] == [PAGE + 4, PAGE + 5]
        assert [entry.seq for entry in entries(since=2, limit=3)] == [3, 4, 5]
        assert len(list(entries(limit=PAGE + 2))) == PAGE + 2
        assert list(entries(limit=0)) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"day": date(2026, 3, 1)}, r"deployment queued: day is datetime\.date\(2026, 3, 1\) \(date\)"),
        ({"a": {"b": [1, {2}]}}, r"deployment queued: a\.b\[1\] is \{2\} \(set\)"),
        ({"a": float("nan")}, r"deployment queued: a is nan \(float\)"),
        ({"a": {1: "one"}}, r"deployment queued: a is \{1: 'one'\} \(dict\)"),
        ({"a": b"bytes"}, "which is not JSON. Give text, finite numbers, booleans, None, and lists and maps"),
    ],
)
def test_data_that_is_not_json_is_refused_where_it_is_given(store: SqlStore, data: dict[str, Any], words: str) -> None:
    with pytest.raises(NotJson, match=words), store.transaction() as tx:
        tx.audit(ADA, "deployment queued", "staging-1", **data)


def test_words_of_ours_and_tuples_are_json_too(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.audit(ADA, "deployment queued", "staging-1", environment=Environment.STAGING, smoke=("login",))
    with store.reading() as tx:
        (entry,) = tx.audit_log.entries()
        assert entry.data == {"environment": "staging", "smoke": ["login"]}
        assert verify_chain([entry]).intact


TAMPERING = {
    "UPDATE audit SET reason = 'no reason' WHERE seq = 3": 3,
    "UPDATE audit SET data = '{\"number\": 4}' WHERE seq = 5": 5,
    "DELETE FROM audit WHERE seq = 4": 5,
    "DELETE FROM audit WHERE seq = 1": 2,
}


@pytest.mark.parametrize("tampering", [*TAMPERING, "DELETE FROM audit"])
def test_the_database_refuses_to_change_the_record(store: SqlStore, database: Engine, tampering: str) -> None:
    write(store, 5)
    verb = tampering.split(maxsplit=1)[0]
    with pytest.raises(DatabaseError, match=f"the audit is append-only: {verb} refused"), writing(database) as sql:
        sql.exec_driver_sql(tampering)
    with store.reading() as tx:
        assert verify_chain(tx.audit_log.entries()).entries == 5


@pytest.mark.parametrize(("tampering", "found_at"), TAMPERING.items())
def test_who_gets_around_that_is_found_at_exactly_that_row(
    store: SqlStore, database: Engine, tampering: str, found_at: int
) -> None:
    write(store, 6)
    tamper(database, lambda sql: sql.exec_driver_sql(tampering))
    with store.reading() as tx:
        report = verify_chain(tx.audit_log.entries())
    assert (report.intact, report.broken_at) == (False, found_at)


def test_the_last_entries_removed_are_found_once_the_next_one_is_written(store: SqlStore, database: Engine) -> None:
    write(store, 6)
    tamper(database, lambda sql: sql.exec_driver_sql("DELETE FROM audit WHERE seq > 4"))
    write(store, 1)
    with store.reading() as tx:
        report = verify_chain(tx.audit_log.entries())
    assert (report.entries, report.broken_at, report.why) == (4, 7, "entry 5 is missing")


def test_replacing_a_row_is_refused_too(store: SqlStore, database: Engine) -> None:
    write(store, 2)
    columns = "seq, at, actor, action, subject, reason, data, hash"
    statement = f"INSERT OR REPLACE INTO audit ({columns}) SELECT {columns} FROM audit WHERE seq = 1"
    if database.dialect.name == "postgresql":
        statement = "TRUNCATE audit"
    with pytest.raises(DatabaseError, match="the audit is append-only"), writing(database) as sql:
        sql.exec_driver_sql(statement)


def tamper(database: Engine, change: Callable[[Connection], object]) -> None:
    """As somebody would who may do everything in the database."""
    drops = ["DROP TRIGGER audit_is_append_only ON audit"]
    if database.dialect.name == "sqlite":
        drops = ["DROP TRIGGER audit_is_not_updated", "DROP TRIGGER audit_is_not_deleted"]
    with writing(database) as sql:
        for drop in drops:
            sql.exec_driver_sql(drop)
        change(sql)
