"""API tokens, by their hash."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update

from staging_gate.domain.token import Token
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import token as table


class SqlTokens:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, token: Token) -> None:
        self._sql.add(table, vars(token), f"There is a token {token.id} already.")

    def get(self, id: str) -> Token | None:
        return self._one(select(table).where(table.c.id == id))

    def by_hash(self, sha256: str) -> Token | None:
        return self._one(select(table).where(table.c.sha256 == sha256))

    def all(self) -> list[Token]:
        """Oldest first."""
        return [fill(Token, row) for row in self._sql.all(select(table).order_by(table.c.seq))]

    def revoke(self, id: str, at: datetime) -> None:
        """Who else: another administrator who revoked it."""
        self._sql.change(
            update(table).where(table.c.id == id, table.c.revoked_at.is_(None)).values(revoked_at=at),
            f"There is no token {id} that is not revoked.",
        )

    def _one(self, query: Select[Any]) -> Token | None:
        row = self._sql.one(query)
        return None if row is None else fill(Token, row)
