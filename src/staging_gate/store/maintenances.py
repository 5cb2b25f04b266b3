"""Maintenances: announced, changed, cancelled; never deleted."""

from datetime import datetime

from sqlalchemy import select, update

from staging_gate.domain.maintenance import Maintenance
from staging_gate.store.notice_tables import maintenance as table
from staging_gate.store.sql import Sql, fill


class SqlMaintenances:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def next_id(self) -> int:
        return self._sql.advance("maintenance")

    def add(self, maintenance: Maintenance) -> None:
        self._sql.add(table, vars(maintenance), f"There is a maintenance {maintenance.id} already.")

    def get(self, id: int) -> Maintenance | None:
        row = self._sql.one(select(table).where(table.c.id == id))
        return None if row is None else fill(Maintenance, row)

    def update(self, maintenance: Maintenance, was: Maintenance) -> None:
        statement = update(table).where(table.c.id == was.id, table.c.changes == was.changes)
        stale = f"Somebody else changed maintenance {was.id} at the same moment: `gate maintenance list` shows it."
        self._sql.change(statement.values(**vars(maintenance)), stale)

    def ahead(self, at: datetime) -> list[Maintenance]:
        query = select(table).where(table.c.ends_at > at, table.c.cancelled_at.is_(None))
        return [fill(Maintenance, row) for row in self._sql.all(query.order_by(table.c.starts_at, table.c.id))]

    def between(self, start: datetime, until: datetime) -> list[Maintenance]:
        query = select(table).where(table.c.ends_at > start, table.c.starts_at < until)
        return [fill(Maintenance, row) for row in self._sql.all(query.order_by(table.c.starts_at, table.c.id))]

    def recent(self, limit: int = 50) -> list[Maintenance]:
        query = select(table).order_by(table.c.starts_at.desc(), table.c.id.desc()).limit(limit)
        return [fill(Maintenance, row) for row in self._sql.all(query)]
