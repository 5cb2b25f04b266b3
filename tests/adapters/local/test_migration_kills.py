"""Killed while a database is copied or migrated: we, the server, or one of its sessions. Nothing is applied twice,
what is recorded is what is there, and no half copy counts."""

import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from staging_gate.domain.diagnosis import Answer, Cause
from staging_gate.domain.service import Schema, Target
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import OutsideError, Refused, Unavailable
from staging_gate.testing import eventually
from tests.adapters.local.sample import World, _connected, never, service
from tests.adapters.local.test_proofs import PROJECT, committed
from tests.adapters.schema.mortal import MortalPostgres, mortal_postgres
from tests.adapters.schema.projects import migration

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SERVICE = service(schema=Schema("alembic", "alembic.ini", "DATABASE_URL"))
SLOW = """
op.execute("CREATE TABLE applied (revision varchar(4))")
op.execute("INSERT INTO applied VALUES ('0002')")
import os, pathlib, time
pathlib.Path(os.environ["BEGUN"]).touch()
time.sleep(float(pathlib.Path(os.environ["SLEEPS"]).read_text()))
op.add_column("orders", sa.Column("price", sa.Integer))
"""
LOCK = "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"


@pytest.fixture(scope="module")
def postgres() -> Iterator[MortalPostgres]:
    with mortal_postgres() as one:
        yield one


class Live:
    """The database of a service whose second migration can be held in its middle."""

    def __init__(self, world: World, address: str) -> None:
        self.world, self.address = world, address
        self.begun, self.sleeps = world.settings.state.parent / "begun", world.settings.state.parent / "sleeps"
        self.sleeps.write_text("60")
        first = self._order(committed(world, PROJECT), 1)
        self.upgrade(first)
        two = migration("0002", "0001", SLOW)
        self.order = self._order(committed(world, {"migrations/versions/0002_next.py": two}), 2)

    def _order(self, revision: object, number: int) -> Order:
        environ = {"DATABASE_URL": self.address, "BEGUN": str(self.begun), "SLEEPS": str(self.sleeps)}
        target = Target("local", self.world.port, environ=environ)
        order = self.world.order(revision, f"production-{number}", service=SERVICE, target=target)  # type: ignore[arg-type]
        self.world.local.target.build(order, "build", never)
        return order

    def back_up(self, order: Order | None = None) -> object:
        order = order or self.order
        return self.world.local.target.back_up(order, "backup", AT, timedelta(minutes=2), never)

    def upgrade(self, order: Order | None = None) -> str:
        return self.world.local.target.upgrade_schema(order or self.order, "schema")

    def ask(self, query: str) -> list[tuple[object, ...]]:
        if self.address.startswith("sqlite"):
            with closing(sqlite3.connect(self.address.removeprefix("sqlite:///"))) as database:
                return database.execute(query).fetchall()
        with psycopg.connect(self.address.replace("+psycopg", "")) as connection:
            return connection.execute(query.encode()).fetchall()

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.address.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode())

    def assert_not_begun(self) -> None:
        assert self.ask("SELECT version_num FROM alembic_version") == [("0001",)]
        with pytest.raises((psycopg.Error, sqlite3.Error)):
            self.ask("SELECT price FROM orders")

    def assert_applied_once(self) -> None:
        assert self.ask("SELECT version_num FROM alembic_version") == [("0002",)]
        assert self.ask("SELECT revision FROM applied") == [("0002",)]
        assert self.ask("SELECT price FROM orders") == []
        self.begun.unlink(missing_ok=True)
        assert self.upgrade() == "the database has these migrations already"
        assert not self.begun.exists()

    def copies(self) -> list[str]:
        return sorted(path.name for path in self.world.layout.backups.glob("*/*") if path.name != "lock")

    @contextmanager
    def doing(self, what: str) -> Iterator["subprocess.Popen[bytes]"]:
        """`back_up` or `upgrade` in a process of its own, which can be killed."""
        given = self.world.settings.state.parent / "given"
        given.write_bytes(pickle.dumps((self.world.settings, self.world.repository, self.world.port, self.order)))
        code = CHILD.format(path=sys.path)
        child = subprocess.Popen([sys.executable, "-c", code, what, str(given)], stderr=subprocess.PIPE)
        try:
            yield child
        finally:
            child.kill()
            child.communicate()


CHILD = """
import sys
sys.path[:0] = {path!r}
import pickle
from tests.adapters.local.test_migration_kills import do
do(sys.argv[1], *pickle.load(open(sys.argv[2], "rb")))
"""


def do(what: str, settings: object, repository: object, port: int, order: Order) -> None:
    """In the process that is killed."""
    target = _connected(settings, repository).target  # type: ignore[arg-type]
    if what == "back_up":
        target.back_up(order, "backup", AT, timedelta(minutes=2), never)
    else:
        target.upgrade_schema(order, "schema")


@pytest.fixture(params=["postgres", "sqlite"])
def live(request: pytest.FixtureRequest, world: World) -> Iterator[Live]:
    if request.param == "sqlite":
        yield Live(world, f"sqlite:///{world.settings.state.parent}/live.db")
        return
    yield from _on_postgres(request.getfixturevalue("postgres"), world)


@pytest.fixture
def on_postgres(postgres: MortalPostgres, world: World) -> Iterator[Live]:
    yield from _on_postgres(postgres, world)


def _on_postgres(server: MortalPostgres, world: World) -> Iterator[Live]:
    server.execute("DROP DATABASE IF EXISTS shop WITH (FORCE)", "CREATE DATABASE shop")
    yield Live(world, server.address.rpartition("/")[0] + "/shop")


# --- we are killed -----------------------------------------------------------------------------------------------


def test_we_are_killed_in_the_middle_of_a_migration(live: Live) -> None:
    """Its process outlives us; the next try ends it first."""
    made = live.back_up()
    with live.doing("upgrade") as we:
        eventually(live.begun.exists)
        we.kill()
        we.wait()
    live.sleeps.write_text("0")

    assert live.back_up() == made
    if live.address.startswith("sqlite"):
        take_back_what_is_there(live)
    live.upgrade()
    live.assert_applied_once()
    assert live.copies() == ["production-2.backup", "production-2.json"]


def take_back_what_is_there(live: Live) -> None:
    """SQLite keeps what was done before the end; the statements of the diagnosis take it back."""
    with pytest.raises(Refused, match="migrations of api failed"):
        live.upgrade()
    found = live.world.local.target.diagnose_schema(live.order, "")
    partly = next(one for one in found.suspects if one.cause is Cause.PARTLY_APPLIED)
    assert partly.answer is Answer.CONFIRMED
    with closing(sqlite3.connect(live.address.removeprefix("sqlite:///"))) as database, database:
        for step in partly.next:
            if step.run.endswith(";"):
                database.execute(step.run)


def test_we_are_killed_after_a_migration_and_before_our_note_of_it(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    from staging_gate.adapters.local.schema import Record

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    live.sleeps.write_text("0")
    live.back_up()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Record, "write", die)
        live.upgrade()

    live.upgrade()
    live.assert_applied_once()


def test_we_are_killed_in_the_middle_of_a_dump(on_postgres: Live) -> None:
    with held_up(on_postgres), on_postgres.doing("back_up") as we:
        eventually(lambda: waits_for_a_lock(on_postgres))
        we.kill()
        we.wait()
        assert on_postgres.world.local.target.backups_there() == []

    assert on_postgres.back_up() is not None
    assert on_postgres.copies() == ["production-2.backup", "production-2.json"]
    assert on_postgres.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'") == [(0,)]


# --- the server is killed ----------------------------------------------------------------------------------------


def at_once(server: MortalPostgres) -> None:
    server.stop_at_once()
    server.start()


def one_session(server: MortalPostgres) -> None:
    with psycopg.connect(server.address.rpartition("/")[0].replace("+psycopg", "") + "/shop") as connection:
        row = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = 'shop' AND state = 'idle in transaction'"
            " OR query LIKE 'LOCK%' ORDER BY xact_start LIMIT 1"
        ).fetchone()
    assert row
    server.kill_session(int(row[0]))


@pytest.mark.parametrize("kill", [at_once, one_session])
def test_the_server_is_killed_in_the_middle_of_a_migration(
    on_postgres: Live, postgres: MortalPostgres, kill: Callable[[MortalPostgres], None]
) -> None:
    made = on_postgres.back_up()
    on_postgres.sleeps.write_text("3")
    with on_postgres.doing("upgrade") as we:
        eventually(on_postgres.begun.exists)
        kill(postgres)
        assert we.wait(60) != 0

    on_postgres.assert_not_begun()
    assert on_postgres.back_up() == made
    on_postgres.sleeps.write_text("0")
    on_postgres.upgrade()
    on_postgres.assert_applied_once()


@pytest.mark.parametrize("kill", [at_once, one_session])
def test_the_server_is_killed_in_the_middle_of_a_dump(
    on_postgres: Live, postgres: MortalPostgres, kill: Callable[[MortalPostgres], None]
) -> None:
    with pytest.raises(psycopg.OperationalError), held_up(on_postgres), on_postgres.doing("back_up") as we:
        eventually(lambda: waits_for_a_lock(on_postgres))
        kill(postgres)
        assert we.wait(60) != 0

    assert on_postgres.world.local.target.backups_there() == []
    assert on_postgres.copies() == []
    on_postgres.assert_not_begun()
    assert on_postgres.back_up() is not None


def test_a_server_that_is_away_is_said_and_nothing_is_touched(on_postgres: Live, postgres: MortalPostgres) -> None:
    postgres.stop_at_once()
    try:
        with pytest.raises(Unavailable, match="The database can not be reached. Without a backup nothing is migrated"):
            on_postgres.back_up()
        with pytest.raises(OutsideError):
            on_postgres.upgrade()
        found = on_postgres.world.local.target.diagnose_schema(on_postgres.order, "")
    finally:
        postgres.start()

    assert [one.cause for one in found.confirmed] == [Cause.UNREACHABLE]
    on_postgres.assert_not_begun()


@contextmanager
def held_up(live: Live) -> Iterator[None]:
    """Whoever reads `orders` waits."""
    with psycopg.connect(live.address.replace("+psycopg", "")) as connection:
        connection.execute(LOCK.encode())
        yield
        connection.rollback()


def waits_for_a_lock(live: Live) -> bool:
    return live.ask("SELECT count(*) FROM pg_locks WHERE NOT granted") != [(0,)]
