"""Connections to one SQLite file wait for each other, and none is left waiting."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from staging_gate.engine import connect, turns, writing
from staging_gate.testing import eventually


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    one = connect(f"sqlite:///{tmp_path / 'turns.db'}")
    with writing(one) as connection:
        connection.exec_driver_sql("CREATE TABLE line (number INTEGER UNIQUE)")
    yield one
    one.dispose()


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def add(database: Engine, *numbers: int) -> None:
    with writing(database) as connection:
        for number in numbers:
            connection.exec_driver_sql("INSERT INTO line VALUES (?)", (number,))


def lines(database: Engine) -> int:
    with database.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM line").scalar_one())


def waits(later: "Future[None]") -> bool:
    return later.running() and not later.done()


def test_the_second_writer_goes_on_when_the_first_is_done(database: Engine, other: ThreadPoolExecutor) -> None:
    with writing(database) as connection:
        later = other.submit(add, database, 1)
        eventually(lambda: waits(later))
        connection.exec_driver_sql("INSERT INTO line VALUES (2)")
        assert not later.done()
    later.result(10)

    assert lines(database) == 2


def test_a_failed_transaction_gives_its_turn_on(database: Engine, other: ThreadPoolExecutor) -> None:
    with pytest.raises(IntegrityError):
        add(database, 1, 1)

    other.submit(add, database, 2).result(1)

    assert lines(database) == 1


def test_a_statement_that_commits_by_itself_needs_and_gives_a_turn(database: Engine, other: ThreadPoolExecutor) -> None:
    with database.connect() as connection:
        connection.exec_driver_sql("INSERT INTO line VALUES (1)")
        later = other.submit(add, database, 2)
        eventually(lambda: waits(later))
        connection.commit()
        later.result(1)

    assert lines(database) == 2


def test_a_connection_that_is_closed_in_the_middle_gives_its_turn_on(
    database: Engine, other: ThreadPoolExecutor
) -> None:
    raw = database.raw_connection()
    raw.cursor().execute("INSERT INTO line VALUES (1)")
    raw.detach()
    raw.close()

    other.submit(add, database, 2).result(1)

    assert lines(database) == 1


def test_who_gets_no_turn_in_time_leaves_it_to_sqlite(
    database: Engine, other: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_SECONDS", 0.01)
    with writing(database):
        later = other.submit(add, database, 1)
        eventually(lambda: waits(later))
    later.result(10)

    assert lines(database) == 1


def test_readers_take_no_turn(database: Engine, other: ThreadPoolExecutor) -> None:
    with writing(database):
        assert other.submit(lines, database).result(1) == 0
