from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from staging_gate.engine import connect, writing
from staging_gate.store import SqlStore, upgrade
from staging_gate.testing.postgres import temporary_postgres


class MovableClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pause(self, seconds: float, woken: Event | None = None) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Engine]:
    with temporary_postgres() as server:
        database = connect(server.address)
        yield database
        database.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        database = connect(f"sqlite:///{tmp_path}/gate.db")
        yield database
        database.dispose()
    else:
        database = request.getfixturevalue("postgres")
        # A schema made anew takes a few milliseconds, a database made anew a hundred.
        with writing(database) as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        yield database


@pytest.fixture
def database(empty: Engine) -> Engine:
    """A database with our tables."""
    upgrade(empty)
    return empty


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def store(database: Engine, clock: MovableClock) -> SqlStore:
    return SqlStore(database, clock)
