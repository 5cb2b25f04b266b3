"""Results of checks, by tree."""

from sqlalchemy import select

from staging_gate.domain.check import Check
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import check_result as table


class SqlChecks:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def put(self, check: Check) -> None:
        self._sql.put(table, vars(check))

    def of_tree(self, tree: str) -> list[Check]:
        """By name."""
        return [
            fill(Check, row) for row in self._sql.all(select(table).where(table.c.tree == tree).order_by(table.c.name))
        ]
