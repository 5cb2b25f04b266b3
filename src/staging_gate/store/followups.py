"""Follow-ups: opened, reminded of, done; never deleted."""

from datetime import datetime

from sqlalchemy import select, update

from staging_gate.domain.followup import FollowUp
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import follow_up as table


class SqlFollowUps:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def next_id(self) -> int:
        return self._sql.advance("follow_up")

    def add(self, follow_up: FollowUp) -> None:
        taken = f"There is a follow-up {follow_up.kind} about {follow_up.about} already."
        self._sql.add(table, vars(follow_up), taken)

    def get(self, id: int) -> FollowUp | None:
        row = self._sql.one(select(table).where(table.c.id == id))
        return None if row is None else fill(FollowUp, row)

    def open(self) -> list[FollowUp]:
        query = select(table).where(table.c.done_at.is_(None)).order_by(table.c.due_at, table.c.id)
        return [fill(FollowUp, row) for row in self._sql.all(query)]

    def about(self, subject: str) -> list[FollowUp]:
        query = select(table).where(table.c.about == subject).order_by(table.c.id)
        return [fill(FollowUp, row) for row in self._sql.all(query)]

    def recent(self, limit: int = 50) -> list[FollowUp]:
        return [fill(FollowUp, row) for row in self._sql.all(select(table).order_by(table.c.id.desc()).limit(limit))]

    def remind(self, id: int, was: datetime | None, at: datetime) -> None:
        """Who else: another tick that reminded first."""
        before = table.c.reminded_at.is_(None) if was is None else table.c.reminded_at == was
        statement = update(table).where(table.c.id == id, table.c.done_at.is_(None), before)
        self._sql.change(statement.values(reminded_at=at), f"Follow-up {id} is done, or somebody else was reminded.")

    def finish(self, id: int, by: str, note: str, at: datetime) -> None:
        statement = update(table).where(table.c.id == id, table.c.done_at.is_(None))
        self._sql.change(statement.values(done_at=at, done_by=by, note=note), f"Follow-up {id} is done already.")
