"""Approvals: given once, withdrawn at most once, never deleted."""

from datetime import datetime

from sqlalchemy import select, update

from staging_gate.domain.approval import Approval
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import approval as table


class SqlApprovals:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, approval: Approval) -> None:
        self._sql.add(table, vars(approval), f"There is an approval {approval.id} already.")

    def of_change(self, change: int) -> list[Approval]:
        query = select(table).where(table.c.change == change).order_by(table.c.seq)
        return [fill(Approval, row) for row in self._sql.all(query)]

    def of_staging(self, tree: str) -> list[Approval]:
        query = select(table).where(table.c.tree == tree, table.c.change.is_(None)).order_by(table.c.seq)
        return [fill(Approval, row) for row in self._sql.all(query)]

    def withdraw(self, id: str, at: datetime) -> None:
        """Who else: the same person in another window, or a push that voids all approvals of a change."""
        self._sql.change(
            update(table).where(table.c.id == id, table.c.withdrawn_at.is_(None)).values(withdrawn_at=at),
            f"Approval {id} does not stand any more: it was withdrawn meanwhile.",
        )
