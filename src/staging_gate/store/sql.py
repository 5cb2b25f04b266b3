"""The statements of one transaction: may they write, did they, and did somebody else come first."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Executable, RowMapping, Select, Table, Update, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from staging_gate.domain.revision import Revision
from staging_gate.ports.store import Stale
from staging_gate.store import tables

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Noun = TypeVar("Noun", bound=DataclassInstance)

Row = Mapping[str, Any]


class ReadOnly(RuntimeError):
    """Something was written in `Store.reading()`: a mistake in our own code."""

    def __init__(self) -> None:
        super().__init__("This view only reads: writing needs `with store.transaction()`.")


class Sql:
    """`wrote` tells whether a commit changes anything that people look at."""

    def __init__(self, connection: Connection, writable: bool) -> None:
        self.connection = connection
        self.wrote = False
        self._writable = writable

    def for_writing(self) -> Connection:
        """The connection, where writing is allowed; else raises ReadOnly."""
        if not self._writable:
            raise ReadOnly
        return self.connection

    def one(self, query: Executable) -> RowMapping | None:
        return self.connection.execute(query).mappings().first()

    def all(self, query: Executable) -> Sequence[RowMapping]:
        return self.connection.execute(query).mappings().all()

    def write(self, statement: Executable, rows: Sequence[Row] | None = None) -> int:
        """The number of rows that it concerned."""
        done = self.for_writing().execute(statement, rows).rowcount
        self.wrote = True
        return done

    def lock(self, query: Select[Any]) -> None:
        """Take the rows until the commit. On SQLite every writing transaction holds the whole file already."""
        self.for_writing().execute(query.with_for_update()).all()

    def add(self, table: Table, row: Row, taken: str) -> None:
        """Insert; raises Stale with `taken` where a row that must be the only one is there already."""
        insert = self._insert(table).values(**row).on_conflict_do_nothing().inline()
        # SQLAlchemy forgets the count of an INSERT unless it is told to keep it.
        if self.write(insert.execution_options(preserve_rowcount=True)) == 0:
            raise Stale(taken)

    def put(self, table: Table, row: Row) -> None:
        """Insert, or write over the row with the same primary key."""
        key = [column.name for column in table.primary_key]
        rest = {name: value for name, value in row.items() if name not in key}
        self.write(self._insert(table).values(**row).on_conflict_do_update(index_elements=key, set_=rest))

    def change(self, statement: Update, stale: str) -> None:
        """Compare and set: the statement names what it expects to find. Raises Stale where it finds nothing."""
        if self.write(statement) == 0:
            raise Stale(stale)

    def change_alone(self, statement: Update, stale: str, taken: str) -> None:
        """The same where an index allows only one such row: raises Stale with `taken` when another one has it.

        In a savepoint, because Postgres gives up the whole transaction after a refused statement.
        """
        try:
            with self.for_writing().begin_nested():
                self.change(statement, stale)
        except IntegrityError as error:
            raise Stale(taken) from error

    def advance(self, counter: str, by: int = 1) -> int:
        """The new last number of a counter, whose row is ours until the commit: no gaps, no number twice."""
        last = tables.counter.c.last
        statement = update(tables.counter).where(tables.counter.c.name == counter).values(last=last + by)
        return self.answer(statement.returning(last))

    def answer(self, statement: Executable) -> int:
        """Write one row that is there for sure, and return the number that it returns."""
        return int(self.for_writing().execute(statement).scalar_one())

    def _insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        return postgresql.insert(table) if self.connection.dialect.name == "postgresql" else sqlite.insert(table)


def fill(noun: "type[Noun]", row: RowMapping, **composed: object) -> "Noun":
    """A noun from the columns that have its fields' names; `composed` are the fields that are more than one column."""
    flat = {name: row[name] for name in _names(noun) if name not in composed}
    return noun(**flat, **composed)


@lru_cache
def _names(noun: "type[DataclassInstance]") -> tuple[str, ...]:
    return tuple(field.name for field in fields(noun))


def two_columns(name: str, revision: Revision | None) -> dict[str, str | None]:
    return {
        f"{name}_commit": revision.commit if revision else None,
        f"{name}_tree": revision.tree if revision else None,
    }


def one_revision(name: str, row: RowMapping) -> Revision | None:
    return Revision(row[f"{name}_commit"], row[f"{name}_tree"]) if row[f"{name}_commit"] else None
