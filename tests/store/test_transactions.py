"""A transaction is one commit or nothing; runs and listeners come after it; a view only reads."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.environment import Environment
from staging_gate.engine import connect
from staging_gate.ports.errors import Unavailable, Unclear
from staging_gate.ports.store import Store, Transaction
from staging_gate.store import SqlStore
from staging_gate.store.sql import ReadOnly
from staging_gate.store.sql_store import in_our_words
from tests.store import nouns
from tests.store.conftest import MovableClock

ADA = Actor("ada")


class Broken(Exception):
    pass


def test_the_store_keeps_the_contract(store: SqlStore) -> None:
    port: Store = store
    with port.transaction() as tx:
        transaction: Transaction = tx
    assert transaction.at == tx.at


def test_an_exception_leaves_nothing_not_even_a_run(store: SqlStore) -> None:
    with pytest.raises(Broken), store.transaction() as tx:
        tx.changes.next_number()
        tx.changes.add(nouns.CHANGE)
        tx.audit(ADA, "change opened", "change-7")
        run = tx.start("check a change", "7")
        raise Broken
    with store.reading() as tx:
        assert tx.changes.get(7) is None
        assert tx.runs.get(run) is None
        assert tx.audit_log.head()[0] == 0
    with store.transaction() as tx:
        assert tx.changes.next_number() == 1


def test_a_run_is_there_for_others_only_after_the_commit(database: Engine, clock: MovableClock) -> None:
    seen: list[bool] = []
    store = SqlStore(database, clock, nudge=lambda: seen.append(is_there(run)))

    def is_there(run: str) -> bool:
        with store.reading() as tx:
            return tx.runs.get(run) is not None

    with store.transaction() as tx:
        run = tx.start("deploy to staging", "staging-1")
        seen.append(is_there(run))
    assert seen == [False, True]


def test_one_key_starts_one_run(store: SqlStore) -> None:
    with store.transaction() as tx:
        first = tx.start("deploy to staging", "staging-1", key="staging-1")
    with store.transaction() as tx:
        assert tx.start("deploy to staging", "staging-1", key="staging-1") == first
        assert len(tx.runs.about("staging-1")) == 1


def test_the_engine_is_nudged_only_by_what_concerns_it(database: Engine, clock: MovableClock) -> None:
    nudges: list[str] = []
    store = SqlStore(database, clock, nudge=lambda: nudges.append("nudge"))
    with store.transaction() as tx:
        tx.holds.add(nouns.HOLD)
    assert nudges == []
    with store.transaction() as tx:
        run = tx.start("deploy to staging", "staging-1")
    with store.transaction() as tx:
        tx.cancel(run, by=ADA)
    assert nudges == ["nudge", "nudge"]


def test_listeners_hear_of_every_commit_that_wrote(store: SqlStore) -> None:
    heard: list[int] = []

    def listen() -> None:
        with store.reading() as tx:
            heard.append(len(tx.holds.in_force()))

    store.on_commit(listen)
    with store.transaction() as tx:
        tx.holds.add(replace(nouns.HOLD, lifted_at=None))
        assert heard == []
    assert heard == [1]
    with store.transaction() as tx:
        tx.holds.in_force()
    with store.reading() as tx:
        tx.holds.in_force()
    with pytest.raises(Broken), store.transaction() as tx:
        tx.holds.add(replace(nouns.HOLD, id="hold-2"))
        raise Broken
    assert heard == [1]
    with store.transaction() as tx:
        tx.audit(ADA, "looked", "hold-1")
    assert heard == [1, 1]


def test_a_listener_that_fails_breaks_neither_the_commit_nor_the_next_listener(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def fail() -> None:
        raise Broken

    store.on_commit(fail)
    store.on_commit(lambda: heard.append("second"))
    with store.transaction() as tx:
        tx.releases.add(nouns.RELEASE)
    with store.reading() as tx:
        assert tx.releases.get("v1.4.0") == nouns.RELEASE
    assert heard == ["second"]
    assert "listener failed" in caplog.text


WRITES: list[Callable[[Transaction], object]] = [
    lambda tx: tx.changes.add(nouns.CHANGE),
    lambda tx: tx.changes.next_number(),
    lambda tx: tx.checks.put(nouns.CHECK),
    lambda tx: tx.holds.lift("hold-1", "ada", "", nouns.AT),
    lambda tx: tx.deployments.lock(Environment.STAGING),
    lambda tx: tx.deployments.set_live(Environment.STAGING, None),
    lambda tx: tx.audit(ADA, "looked", "everything"),
    lambda tx: tx.start("deploy to staging", "staging-1"),
    lambda tx: tx.cancel("run", by=SYSTEM),
]


def test_a_view_only_reads(store: SqlStore) -> None:
    with store.reading() as tx:
        for write in WRITES:
            with pytest.raises(ReadOnly, match="only reads"):
                write(tx)


def test_a_view_is_one_consistent_state(store: SqlStore) -> None:
    with store.reading() as view:
        assert view.releases.all() == []
        with store.transaction() as tx:
            tx.releases.add(nouns.RELEASE)
        assert view.releases.all() == []
    with store.reading() as view:
        assert view.releases.all() == [nouns.RELEASE]


def test_a_transaction_has_one_moment(store: SqlStore, clock: MovableClock) -> None:
    began = clock.now()
    with store.transaction() as tx:
        tx.audit(ADA, "began", "it")
        clock.pause(60)
        tx.audit(ADA, "ended", "it")
    with store.reading() as tx:
        assert [entry.at for entry in tx.audit_log.about("it")] == [began, began]
        assert tx.at == clock.now()


def test_a_second_transaction_in_one_thread_is_refused_instead_of_waiting_for_itself(store: SqlStore) -> None:
    with store.transaction() as outer:
        with pytest.raises(RuntimeError, match="open in this thread already"), store.transaction():
            pass
        outer.holds.add(nouns.HOLD)
    with store.transaction() as tx:
        tx.tokens.add(nouns.TOKEN)


def test_cancelling_is_remembered_on_the_run(store: SqlStore, database: Engine) -> None:
    with store.transaction() as tx:
        run = tx.start("deploy to staging", "staging-1")
        tx.cancel(run, by=ADA)
    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT cancel_requested_by FROM run").scalars().all() == ["ada"]


@pytest.mark.parametrize("address", ["sqlite:///{folder}", "postgresql://nobody@127.0.0.1:9/nothing"])
def test_a_database_that_is_away_is_unavailable(address: str, tmp_path: Path, clock: MovableClock) -> None:
    store = SqlStore(connect(address.format(folder=tmp_path)), clock)
    with pytest.raises(Unavailable, match="nothing was written"), store.transaction() as tx:
        tx.holds.in_force()
    with pytest.raises(Unavailable, match="nothing was written"), store.reading() as tx:
        tx.holds.in_force()


def test_whose_move_it_is_after_a_database_error() -> None:
    broke = OperationalError("COMMIT", None, psycopg.OperationalError("server closed the connection"))
    assert isinstance(in_our_words(broke, committing=True), Unclear)
    assert isinstance(in_our_words(broke, committing=False), Unavailable)
    full = OperationalError("COMMIT", None, sqlite3.OperationalError("database or disk is full"))
    assert isinstance(in_our_words(full, committing=True), Unavailable)


def test_a_mistake_of_ours_is_not_taken_for_an_outage(store: SqlStore) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught, store.transaction() as tx:
        tx.holds._sql.connection.exec_driver_sql("SELECT * FROM no_such_table")
    assert not isinstance(caught.value, Unavailable)
