"""Taking turns at writing: on SQLite one connection writes at a time.

One that finds the file taken sleeps for 1, 2, 5, 10 ... ms and looks again, while others come and go: where three
threads write all the time, one of them may wait for 0.3 s. The connections of one process can do better and wait for
each other (then 0.03 s). Nothing depends on it: other processes, and statements that are not seen to write, are kept
out by SQLite as ever.
"""

import sqlite3
import threading
from collections.abc import Iterable
from typing import Any

LONGEST_SECONDS = 5.0
"""Who has waited that long goes on without a turn, and SQLite decides."""

_WRITING = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "REPLACE")


class TurnConnection(sqlite3.Connection):
    """Waits for `turn`, which all connections to one file share, before it begins to write; has it until it is done."""

    def __init__(self, turn: threading.Lock, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn = turn
        self._has_turn = False

    def cursor(self, *_: Any) -> "TurnCursor":  # type: ignore[override]
        return super().cursor(TurnCursor)

    def begin(self, statement: str) -> None:
        if not self.in_transaction and not self._has_turn and statement.lstrip().upper().startswith(_WRITING):
            self._has_turn = self._turn.acquire(timeout=LONGEST_SECONDS)

    def end(self) -> None:
        """Give the turn on, unless a transaction is open."""
        if self._has_turn and not self.in_transaction:
            self._give_on()

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            self.end()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self.end()

    def close(self) -> None:
        super().close()
        if self._has_turn:
            self._give_on()

    def _give_on(self) -> None:
        self._has_turn = False
        self._turn.release()


class TurnCursor(sqlite3.Cursor):
    connection: TurnConnection

    def execute(self, statement: str, parameters: Any = ()) -> "TurnCursor":
        self.connection.begin(statement)
        try:
            super().execute(statement, parameters)
        finally:
            self.connection.end()
        return self

    def executemany(self, statement: str, parameters: Iterable[Any]) -> "TurnCursor":
        self.connection.begin(statement)
        try:
            super().executemany(statement, parameters)
        finally:
            self.connection.end()
        return self
