"""The chain of the record: appended to at the very end of a transaction, never changed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import RowMapping, insert, select

from staging_gate.domain.audit import GENESIS, AuditEntry
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import audit as table

PAGE = 1000


class NotJson(TypeError):
    """Audit data that can not be written as it is: a mistake in our own code."""


class SqlAudit:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def entries(self, since: int = 0, limit: int | None = None) -> Iterator[AuditEntry]:
        """Read page by page, so that a long record needs no memory; only while the transaction is open."""
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = self._all(since, size)
            yield from page
            if len(page) < size:
                return
            since = page[-1].seq
            left = None if left is None else left - size

    def about(self, subject: str) -> list[AuditEntry]:
        query = select(table).where(table.c.subject == subject).order_by(table.c.seq)
        return [_entry(row) for row in self._sql.all(query)]

    def head(self) -> tuple[int, str]:
        """(0, GENESIS) of an empty record."""
        row = self._sql.one(select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1))
        return (0, GENESIS) if row is None else (row["seq"], row["hash"])

    def append(self, drafts: Sequence[AuditEntry]) -> None:
        """Number and chain them. From here to the commit nobody else appends, so call it last.

        The numbers come from the counter and not from the last row: if somebody removed the last rows, the next
        entry leaves a gap, and the chain says so.
        """
        first = self._sql.advance("audit", len(drafts)) - len(drafts) + 1
        previous = self.head()[1]
        rows = []
        for seq, draft in enumerate(drafts, first):
            numbered = replace(draft, seq=seq)
            previous = numbered.digest(previous)
            rows.append(vars(replace(numbered, hash=previous)))
        self._sql.write(insert(table), rows)

    def _all(self, since: int, size: int) -> list[AuditEntry]:
        query = select(table).where(table.c.seq > since).order_by(table.c.seq).limit(size)
        return [_entry(row) for row in self._sql.all(query)]


def json_only(data: Mapping[str, object], action: str) -> dict[str, object]:
    """A copy made of dicts, lists and plain values. Raises NotJson, which names the place."""
    return {key: _plain(value, f"{action}: {key}") for key, value in data.items()}


def _plain(value: object, where: str) -> object:
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case float() if math.isfinite(value):
            return value
        case list() | tuple():
            return [_plain(part, f"{where}[{number}]") for number, part in enumerate(value)]
        case Mapping() if all(isinstance(key, str) for key in value):
            return {str(key): _plain(part, f"{where}.{key}") for key, part in value.items()}
    raise NotJson(
        f"Audit data of {where} is {value!r} ({type(value).__name__}), which is not JSON. "
        "Give text, finite numbers, booleans, None, and lists and maps of them."
    )


def _entry(row: RowMapping) -> AuditEntry:
    return fill(AuditEntry, row)
