"""Holds: set, and lifted once."""

from datetime import datetime

from sqlalchemy import select, update

from staging_gate.domain.release import Hold
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import hold as table


class SqlHolds:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, hold: Hold) -> None:
        self._sql.add(table, vars(hold), f"There is a hold {hold.id} already.")

    def in_force(self) -> list[Hold]:
        """Oldest first."""
        query = select(table).where(table.c.lifted_at.is_(None)).order_by(table.c.seq)
        return [fill(Hold, row) for row in self._sql.all(query)]

    def lift(self, id: str, by: str, reason: str, at: datetime) -> None:
        """Who else: another person who lifted it."""
        self._sql.change(
            update(table)
            .where(table.c.id == id, table.c.lifted_at.is_(None))
            .values(lifted_at=at, lifted_by=by, lifted_reason=reason),
            f"Hold {id} is not in force.",
        )
