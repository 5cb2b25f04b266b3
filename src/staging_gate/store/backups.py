"""Backups: written down once they are whole, and when they are removed; the rows stay."""

from datetime import datetime

from sqlalchemy import select, update

from staging_gate.domain.backup import Backup
from staging_gate.store.schema_tables import backup as table
from staging_gate.store.sql import Sql, fill


class SqlBackups:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, backup: Backup) -> None:
        """Who else: ourselves, killed after the commit."""
        self._sql.add(table, vars(backup), f"{backup.deployment} has a backup of {backup.service} already.")

    def of(self, deployment: str) -> list[Backup]:
        query = select(table).where(table.c.deployment == deployment).order_by(table.c.at, table.c.service)
        return [fill(Backup, row) for row in self._sql.all(query)]

    def kept(self) -> list[Backup]:
        query = select(table).where(table.c.removed_at.is_(None)).order_by(table.c.at.desc(), table.c.service)
        return [fill(Backup, row) for row in self._sql.all(query)]

    def recent(self, limit: int = 50) -> list[Backup]:
        query = select(table).order_by(table.c.at.desc(), table.c.service).limit(limit)
        return [fill(Backup, row) for row in self._sql.all(query)]

    def remove(self, backup: Backup, at: datetime) -> None:
        """Who else: another tick."""
        statement = update(table).where(
            table.c.deployment == backup.deployment, table.c.service == backup.service, table.c.removed_at.is_(None)
        )
        gone = f"The backup of {backup.service} for {backup.deployment} is removed already."
        self._sql.change(statement.values(removed_at=at), gone)
