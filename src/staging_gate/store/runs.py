"""Runs and their steps, as the engine wrote them: its tables are only read here."""

from typing import Any

from sqlalchemy import ColumnElement, select

from staging_gate.domain.timeline import RunRecord, Step
from staging_gate.engine.tables import UNFINISHED, run_record, run_step, step
from staging_gate.engine.tables import run as table
from staging_gate.store.sql import Sql


class SqlRuns:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, id: str) -> RunRecord | None:
        return next(iter(self._all(table.c.id == id)), None)

    def about(self, subject: str) -> list[RunRecord]:
        """Oldest first."""
        return self._all(table.c.subject == subject)

    def unfinished(self) -> list[RunRecord]:
        """Oldest first."""
        return self._all(table.c.state.in_(UNFINISHED))

    def steps(self, run: str) -> list[Step]:
        query = select(run_step).where(run_step.c.run == run).order_by(run_step.c.number)
        return [step(row) for row in self._sql.connection.execute(query)]

    def _all(self, wanted: ColumnElement[Any]) -> list[RunRecord]:
        query = select(table).where(wanted).order_by(table.c.created_at, table.c.id)
        return [run_record(row) for row in self._sql.connection.execute(query)]
