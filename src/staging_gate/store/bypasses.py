"""Bypasses: given, and used or withdrawn once."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from staging_gate.domain.bypass import Bypass
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import bypass as table


class SqlBypasses:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, bypass: Bypass) -> None:
        self._sql.add(table, vars(bypass), f"There is a bypass {bypass.id} already.")

    def get(self, id: str) -> Bypass | None:
        row = self._sql.one(select(table).where(table.c.id == id))
        return None if row is None else fill(Bypass, row)

    def about(self, subject: str) -> list[Bypass]:
        query = select(table).where(table.c.subject == subject).order_by(table.c.seq)
        return [fill(Bypass, row) for row in self._sql.all(query)]

    def recent(self, limit: int = 50) -> list[Bypass]:
        return [fill(Bypass, row) for row in self._sql.all(select(table).order_by(table.c.seq.desc()).limit(limit))]

    def use(self, id: str, used_for: str, at: datetime) -> None:
        """Who else: an act at the same moment that used it first."""
        self._end(id, used_at=at, used_for=used_for)

    def withdraw(self, id: str, at: datetime) -> None:
        self._end(id, withdrawn_at=at)

    def _end(self, id: str, **values: Any) -> None:
        in_force = (table.c.id == id, table.c.used_at.is_(None), table.c.withdrawn_at.is_(None))
        self._sql.change(update(table).where(*in_force).values(**values), f"Bypass {id} is not in force any more.")
