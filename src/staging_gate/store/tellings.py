"""What the code host was told last: claimed by compare-and-set by whoever tells it."""

from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select, update

from staging_gate.domain.report import Told
from staging_gate.store.connected_tables import told as table
from staging_gate.store.sql import Sql, fill


class SqlTellings:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, subject: str) -> Told | None:
        return next(iter(self._all(select(table).where(table.c.subject == subject))), None)

    def add(self, new: Told) -> None:
        self._sql.add(table, vars(new), f"Somebody else tells {new.subject} already.")

    def update(self, new: Told, was: Told) -> None:
        """Who else: another process that tells it at the same tick."""
        statement = update(table).where(*_same(was)).values(**vars(new))
        self._sql.change(statement, f"Somebody else tells {was.subject} at this moment.")

    def forget(self, was: Told) -> None:
        self._sql.write(delete(table).where(*_same(was)))

    def of_kind(self, kind: str) -> list[Told]:
        query = select(table).where(table.c.subject.startswith(f"{kind} ", autoescape=True))
        return self._all(query.order_by(table.c.subject))

    def failing(self) -> list[Told]:
        failed = select(table).where(table.c.problem != "")
        return self._all(failed.order_by(table.c.failing_since, table.c.subject))

    def _all(self, query: Select[Any]) -> list[Told]:
        return [fill(Told, row) for row in self._sql.all(query)]


def _same(was: Told) -> tuple[ColumnElement[bool], ...]:
    known = (table.c.due_at == was.due_at, table.c.attempts == was.attempts, table.c.said == was.said)
    return (table.c.subject == was.subject, *known)
