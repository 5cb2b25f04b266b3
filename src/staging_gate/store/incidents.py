"""Incidents: opened, changed as people learn more, resolved; never deleted."""

from sqlalchemy import select, update

from staging_gate.domain.incident import Incident, Phase
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import incident as table


class SqlIncidents:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def next_id(self) -> int:
        return self._sql.advance("incident")

    def add(self, incident: Incident) -> None:
        self._sql.add(table, vars(incident), f"There is an incident {incident.id} already.")

    def get(self, id: int) -> Incident | None:
        row = self._sql.one(select(table).where(table.c.id == id))
        return None if row is None else fill(Incident, row)

    def open(self) -> list[Incident]:
        """The worst first, then the oldest."""
        query = select(table).where(table.c.phase != Phase.RESOLVED).order_by(table.c.severity, table.c.id)
        return [fill(Incident, row) for row in self._sql.all(query)]

    def recent(self, limit: int = 50) -> list[Incident]:
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        return [fill(Incident, row) for row in self._sql.all(query)]

    def update(self, incident: Incident, was: Incident) -> None:
        """Who else: another person who resolved it."""
        self._sql.change(
            update(table).where(table.c.id == was.id, table.c.phase == was.phase).values(**vars(incident)),
            f"Incident {was.id} is not {was.phase} any more: somebody else changed it first.",
        )
