"""One way to open a database; readers see one moment and hinder nobody."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, update
from sqlalchemy.exc import DBAPIError, StatementError

from staging_gate.engine import DatabaseProblem, connect, reading, writing
from staging_gate.engine.tables import UtcDateTime

metadata = MetaData()
notes = Table("note", metadata, Column("id", Integer, primary_key=True), Column("at", UtcDateTime))
AT = datetime(2026, 3, 5, 9, 0, 0, 1, tzinfo=UTC)


@pytest.fixture
def database(address: str) -> Iterator[sqlalchemy.Engine]:
    database = connect(address)
    metadata.create_all(database)
    yield database
    database.dispose()


def test_what_is_written_is_there_after_the_commit_only(database: sqlalchemy.Engine) -> None:
    with writing(database) as connection:
        connection.execute(insert(notes).values(id=1))
        assert ids(database) == []
    assert ids(database) == [1]


def test_nothing_is_left_of_a_transaction_that_failed(database: sqlalchemy.Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(database) as connection:
        connection.execute(insert(notes).values(id=1))
        raise ZeroDivisionError
    assert ids(database) == []


def test_a_reader_sees_one_moment_while_others_write(database: sqlalchemy.Engine) -> None:
    with reading(database) as reader:
        assert reader.execute(select(notes.c.id)).all() == []
        with writing(database) as writer:
            writer.execute(insert(notes).values(id=1))
        assert reader.execute(select(notes.c.id)).all() == []
    assert ids(database) == [1]


def test_writing_while_reading_is_an_error_and_spoils_nothing(database: sqlalchemy.Engine) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read-?\s?only"), reading(database) as reader:
        reader.execute(insert(notes).values(id=1))
    with writing(database) as connection:
        connection.execute(insert(notes).values(id=2))
    assert ids(database) == [2]


def test_moments_come_back_as_they_were_and_compare_as_time(database: sqlalchemy.Engine) -> None:
    in_new_york = (AT + timedelta(days=1)).astimezone(timezone(timedelta(hours=-5)))
    with writing(database) as connection:
        connection.execute(insert(notes), [{"id": 1, "at": AT}, {"id": 2, "at": in_new_york}, {"id": 3, "at": None}])
        connection.execute(update(notes).where(notes.c.id == 3).values(at=None))
    with reading(database) as connection:
        found = connection.execute(select(notes.c.at).order_by(notes.c.id)).scalars().all()
        later = connection.execute(select(notes.c.id).where(notes.c.at > AT)).scalars().all()
    assert found == [AT, AT + timedelta(days=1), None]
    assert {moment.tzinfo for moment in found if moment} == {UTC}
    assert later == [2]


def test_a_moment_without_a_time_zone_is_refused(database: sqlalchemy.Engine) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(StatementError, match="has no time zone"), writing(database) as connection:
        connection.execute(insert(notes).values(id=1, at=naive))


def test_sqlite_is_kept_safe(sqlite_address: str) -> None:
    with connect(sqlite_address).connect() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        (
            "gate.sqlite",
            "The database address 'gate.sqlite' can not be read. "
            "Give sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME.",
        ),
        (
            "mysql://ada:secret@db/gate",
            "The database address mysql://ada:***@db/gate is of an unknown kind. "
            "Give sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME.",
        ),
        (
            "sqlite://",
            "SQLite in memory can not be shared by the threads of the engine. "
            "Give sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME.",
        ),
        (
            "sqlite:////no/such/folder/gate.sqlite",
            "The database /no/such/folder/gate.sqlite can not be opened: its folder does not exist. "
            "Make the folder first.",
        ),
    ],
)
def test_a_bad_address_is_explained(address: str, problem: str) -> None:
    with pytest.raises(DatabaseProblem) as explained:
        connect(address)
    assert str(explained.value) == problem


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.40.1")
    with pytest.raises(DatabaseProblem) as explained:
        connect(f"sqlite:///{tmp_path / 'gate.sqlite'}")
    assert str(explained.value) == (
        "This Python comes with SQLite 3.40.1; the engine needs 3.42 or later. "
        "Install the package pysqlite3, or use a newer Python, or give a postgresql:// address."
    )


def ids(database: sqlalchemy.Engine) -> list[int]:
    with reading(database) as connection:
        return list(connection.execute(select(notes.c.id).order_by(notes.c.id)).scalars())
