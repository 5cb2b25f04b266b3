"""Ways back: one proof per pair of trees, the latest."""

from sqlalchemy import select

from staging_gate.domain.way_back import WayBack
from staging_gate.store.schema_tables import way_back as table
from staging_gate.store.sql import Sql, fill


class SqlWaysBack:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def put(self, way: WayBack) -> None:
        self._sql.put(table, vars(way))

    def get(self, from_tree: str, to_tree: str) -> WayBack | None:
        pair = (table.c.from_tree == from_tree, table.c.to_tree == to_tree)
        row = self._sql.one(select(table).where(*pair))
        return None if row is None else fill(WayBack, row)

    def recent(self, limit: int = 50) -> list[WayBack]:
        query = select(table).order_by(table.c.at.desc(), table.c.from_tree, table.c.to_tree).limit(limit)
        return [fill(WayBack, row) for row in self._sql.all(query)]
