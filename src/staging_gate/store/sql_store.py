"""The store on SQLite or Postgres."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from staging_gate.engine import reading, writing
from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Unavailable, Unclear
from staging_gate.store.transaction import SqlTransaction

log = logging.getLogger(__name__)

Tell = Callable[[], None]


class SqlStore:
    """Implements `ports.store.Store`. `nudge` is called after a commit that asks something of the engine."""

    def __init__(self, engine: Engine, clock: Clock, nudge: Tell | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._nudge = nudge
        self._listeners: list[Tell] = []
        self._open = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        transaction = None
        try:
            with self._only_one_in_this_thread(), writing(self._engine) as connection:
                transaction = SqlTransaction(connection, self._clock.now(), writable=True)
                yield transaction
                transaction.finish()
        except OperationalError as error:
            raise in_our_words(error, committing=transaction is not None and transaction.finished) from error
        self._after_commit(transaction)

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        try:
            with reading(self._engine) as connection:
                yield SqlTransaction(connection, self._clock.now(), writable=False)
        except OperationalError as error:
            raise in_our_words(error, committing=False) from error

    def on_commit(self, tell: Tell) -> None:
        self._listeners.append(tell)

    @contextmanager
    def _only_one_in_this_thread(self) -> Iterator[None]:
        """On SQLite a second one would wait for the first until its time is up, and the first for the second."""
        if getattr(self._open, "now", False):
            raise RuntimeError("A transaction is open in this thread already: pass it on instead of opening another.")
        self._open.now = True
        try:
            yield
        finally:
            self._open.now = False

    def _after_commit(self, transaction: SqlTransaction) -> None:
        if transaction.asked_engine and self._nudge:
            _tell(self._nudge)
        if transaction.wrote:
            for listener in self._listeners:
                _tell(listener)


def in_our_words(error: OperationalError, committing: bool) -> Exception:
    """Whose move it is. SQLite's plain SQL errors come as OperationalError too: those are mistakes of ours."""
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return error
    said = str(error.orig).strip()
    if committing and not isinstance(error.orig, sqlite3.Error):
        return Unclear("The connection to the database broke during a commit: look what was written.", said)
    return Unavailable("The database does not answer or is busy; nothing was written.", said)


def _tell(listener: Tell) -> None:
    try:
        listener()
    except Exception:  # The commit is done: whatever a listener does wrong must not look as if it were not.
        log.exception("A listener failed after a commit")
