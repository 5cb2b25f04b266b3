"""One way to open the database of the product, for the engine and the store: SQLite on one machine, or Postgres."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, exc, make_url

from staging_gate.engine.turns import TurnConnection

OLDEST_SQLITE = (3, 42)
BUSY_SECONDS = 30

AWAY = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
"""What a database raises that can not be reached or written now: down, connection lost, disk full, pool exhausted."""


class DatabaseProblem(Exception):
    """The address given can not be used; the text says why and what to give instead."""


def connect(address: str | URL, *, pooled: bool = True) -> Engine:
    """Open the database at `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`; raises DatabaseProblem.

    Nothing is read or written yet. Without `pooled` each connection is opened anew, so that it never waits for others.
    """
    url = _parsed(address)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, pooled)
    return _postgres(url, pooled)


@contextmanager
def writing(database: Engine) -> Iterator[Connection]:
    """A transaction that may write: one commit at the end, nothing of it after an exception.

    On SQLite it is the only writer from its first line on (others wait), so what it has read stays true.
    """
    with database.begin() as connection:
        if is_sqlite(database):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


@contextmanager
def reading(database: Engine) -> Iterator[Connection]:
    """One consistent state of everything, waiting for no writer and keeping none waiting; a write in it is an error."""
    if is_sqlite(database):
        with database.connect() as connection, _refusing_writes(connection):
            connection.exec_driver_sql("BEGIN")
            yield connection
        return
    with database.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


def is_sqlite(database: Engine) -> bool:
    return database.dialect.name == "sqlite"


def _parsed(address: str | URL) -> URL:
    try:
        url = make_url(address)
    except exc.ArgumentError as error:
        raise DatabaseProblem(f"The database address {address!r} can not be read. {EXPECTED}") from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise DatabaseProblem(f"The database address {_shown(url)} is of an unknown kind. {EXPECTED}")
    return url


EXPECTED = "Give sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME."


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _sqlite(url: URL, pooled: bool) -> Engine:
    _check_sqlite(url)
    # DBOS reads in autocommit and relies on IMMEDIATE for its writes; our own transactions begin by themselves.
    given: dict[str, Any] = {
        "timeout": BUSY_SECONDS,
        "isolation_level": "IMMEDIATE",
        "factory": partial(TurnConnection, Lock()),
    }
    sizes: dict[str, Any] = {"pool_size": 10, "max_overflow": 40} if pooled else {"poolclass": NullPool}
    database = create_engine(url, connect_args=given, **sizes)

    @event.listens_for(database, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        # FULL: a commit that was answered survives a loss of power. NORMAL would lose the last ones in WAL mode.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return database


def _check_sqlite(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise DatabaseProblem(f"SQLite in memory can not be shared by the threads of the engine. {EXPECTED}")
    if not Path(url.database).parent.is_dir():
        raise DatabaseProblem(
            f"The database {url.database} can not be opened: its folder does not exist. Make the folder first."
        )
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise DatabaseProblem(
            f"This Python comes with SQLite {sqlite3.sqlite_version}; the engine needs 3.42 or later. "
            "Install the package pysqlite3, or use a newer Python, or give a postgresql:// address."
        )


def _postgres(url: URL, pooled: bool) -> Engine:
    # A session that hangs in a transaction must not hold its locks for longer than a worker's lease (30 s).
    given = {"connect_timeout": 10, "options": "-c idle_in_transaction_session_timeout=10000 -c timezone=UTC"}
    sizes: dict[str, Any] = {"pool_size": 10, "max_overflow": 40} if pooled else {"poolclass": NullPool}
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"application_name": "staging-gate", **given},
        pool_pre_ping=pooled,
        **sizes,
    )


@contextmanager
def _refusing_writes(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("PRAGMA query_only=ON")
    try:
        yield
    finally:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA query_only=OFF")
