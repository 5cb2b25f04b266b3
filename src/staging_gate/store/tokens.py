"""API tokens, by their hash."""

from datetime import datetime

from sqlalchemy import select, update

from staging_gate.domain.token import Token
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import token as table


class SqlTokens:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, token: Token) -> None:
        self._sql.add(table, vars(token), f"There is a token {token.id} already.")

    def by_hash(self, sha256: str) -> Token | None:
        row = self._sql.one(select(table).where(table.c.sha256 == sha256))
        return None if row is None else fill(Token, row)

    def all(self) -> list[Token]:
        """Oldest first."""
        return [fill(Token, row) for row in self._sql.all(select(table).order_by(table.c.seq))]

    def revoke(self, id: str, at: datetime) -> None:
        """Who else: another administrator who revoked it."""
        self._sql.change(
            update(table).where(table.c.id == id, table.c.revoked_at.is_(None)).values(revoked_at=at),
            f"There is no token {id} that is not revoked.",
        )
