"""Each story runs on SQLite and on Postgres: one server per session, a fresh database per test."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import select

from staging_gate.domain.timeline import RunRecord, Step
from staging_gate.engine import Engine, Run, connect, enqueue, procedure, reading, tables, writing
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres

START = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


@dataclass
class CountingClock:
    """A second passes at every look; a pause is remembered and takes no time."""

    at: datetime = START
    pauses: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def pause(self, seconds: float, woken: Event | None = None) -> None:
        self.pauses.append(seconds)


@dataclass
class Hold:
    """A step that is `reached` and then waits until it may `go`."""

    reached: Event = field(default_factory=Event)
    go: Event = field(default_factory=Event)

    def __call__(self, ports: object) -> bool:
        self.reached.set()
        return self.go.wait(20)


@dataclass
class Stage:
    """A database, and engines on it one after the other. `body` is what the procedure `scripted` does."""

    address: str
    database: sqlalchemy.Engine
    clock: CountingClock = field(default_factory=CountingClock)
    body: Callable[[Run, str], object] = lambda run, subject: None
    broken: list[tuple[str, str]] = field(default_factory=list)
    _running: Engine | None = None

    def start(self, **options: Any) -> Engine:
        engine = Engine(self.database, self, self.clock, **options)
        engine.start()
        self._running = engine
        return engine

    def stop(self) -> None:
        if self._running:
            self._running.stop()
        self._running = None

    def restart(self) -> Engine:
        self.stop()
        return self.start()

    def ask(self, subject: str = "a subject", key: str | None = None, name: str = "scripted") -> str:
        with writing(self.database) as connection:
            return enqueue(connection, name, subject, self.clock.now(), key)

    def run(self, body: Callable[[Run, str], object]) -> RunRecord:
        """The outcome of one run of `body` on the engine that is there, else on a new one."""
        self.body = body
        engine = self._running or self.start()
        run = self.ask()
        engine.nudge()
        return engine.wait(run, within=20)

    def steps(self, run: str) -> list[Step]:
        asked = select(tables.run_step).where(tables.run_step.c.run == run).order_by(tables.run_step.c.number)
        with reading(self.database) as connection:
            return [tables.step(row) for row in connection.execute(asked)]

    def record(self, run: str) -> RunRecord:
        with reading(self.database) as connection:
            return tables.run_record(connection.execute(select(tables.run).where(tables.run.c.id == run)).one())


def note_broken(ports: Stage, subject: str, message: str) -> None:
    ports.broken.append((subject, message))


@procedure("scripted", errored=note_broken)
def scripted(run: Run, subject: str) -> None:
    run.ports.body(run, subject)


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    with temporary_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: TemporaryPostgres) -> Iterator[str]:
    """The name of a database with all tables, ours and those of DBOS."""
    with postgres.database() as address:
        database = connect(address)
        tables.metadata.create_all(database)
        engine = Engine(database, None, CountingClock())
        engine.start()
        engine.stop()
        database.dispose()
        yield address.rpartition("/")[2]


@pytest.fixture
def postgres_address(postgres: TemporaryPostgres, template: str) -> Iterator[str]:
    with postgres.database(template) as address:
        yield address


@pytest.fixture
def sqlite_address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gate.sqlite'}"


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture
def stage(address: str) -> Iterator[Stage]:
    with staged(address) as stage:
        yield stage


@pytest.fixture
def sqlite_stage(sqlite_address: str) -> Iterator[Stage]:
    with staged(sqlite_address) as stage:
        yield stage


@pytest.fixture
def postgres_stage(postgres_address: str) -> Iterator[Stage]:
    with staged(postgres_address) as stage:
        yield stage


@contextmanager
def staged(address: str) -> Iterator[Stage]:
    stage = Stage(address, connect(address))
    tables.metadata.create_all(stage.database)
    try:
        yield stage
    finally:
        stage.stop()
        stage.database.dispose()


@pytest.fixture
def seconds_of() -> Callable[[Callable[[], object]], float]:
    """How long something takes."""

    def measure(do: Callable[[], object]) -> float:
        began = time.perf_counter()
        do()
        return time.perf_counter() - began

    return measure
