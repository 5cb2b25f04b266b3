"""Rows for proofs from dumps and templates, and each way in which they can not be had."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from staging_gate.adapters.schema.clones import Clones
from staging_gate.adapters.schema.dumps import Dump, Restoring, look, look_for_room, variables
from staging_gate.adapters.schema.programs import installed
from staging_gate.adapters.schema.prover import Prover
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.service import Schema
from staging_gate.ports.errors import Stopped, Unavailable
from staging_gate.testing.postgres import TemporaryPostgres
from staging_gate.wire.commands import capture
from tests.adapters.schema.projects import SCHEMA, Project, fill, migration, versions

NEXT = migration("0002", "0001", 'op.execute("DELETE FROM orders WHERE amount > 10")', "pass")
TABLE = "CREATE TABLE orders (id integer PRIMARY KEY, item text NOT NULL, amount integer, note varchar(40));"
AT = "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('{}');"


def live() -> bool:
    return False


@pytest.fixture
def masked(server: TemporaryPostgres) -> Iterator[str]:
    """A database with 500 orders, as production has them."""
    with server.database() as address:
        with psycopg.connect(address, autocommit=True) as database:
            database.execute(TABLE.encode())
            database.execute(AT.format("0001").encode())
        fill(address)
        yield address


def dumped(address: str, to: Path, *how: str) -> Path:
    program = installed()[0].path("pg_dump")
    done = capture([program, *how, f"--file={to}"], environ=variables(address))
    assert done.code == 0, done.err
    return to


def stand_at(address: str, revision: str) -> None:
    with psycopg.connect(address, autocommit=True) as database:
        database.execute("UPDATE alembic_version SET version_num = %s", [revision])


def proved(folder: Path, schema: Schema, address: str, server: str = "") -> MigrationReport:
    production = Project.write(folder / "production", versions())
    site = Project.write(folder / "change", versions(**{"0002_next": NEXT}))
    return Prover(server, "0a0a0a0a").prove("api", schema, site, production, address, 60.0)


def refused(folder: Path, schema: Schema, address: str, server: str = "") -> str:
    with pytest.raises(Unavailable) as caught:
        proved(folder, schema, address, server)
    return caught.value.message


@pytest.mark.parametrize("how", ["--format=custom", "--format=tar", "--format=plain"])
def test_a_dump_is_restored_once_and_copied_for_each_proof(
    how: str, masked: str, server: TemporaryPostgres, tmp_path: Path
) -> None:
    dump = dumped(masked, tmp_path / "orders.dump", how)
    schema = replace(SCHEMA, dump=str(dump))

    for name in ("one", "two"):
        report = proved(tmp_path / name, schema, "postgresql+psycopg://x/y", server.address)

        assert [(rows.table, rows.before, rows.after) for rows in report.rows] == [("orders", 500, 11)]
        assert not [said for said in report.unknown if "rows" in said]

    with psycopg.connect(server.address, autocommit=True) as database:
        left = database.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'gate\\_proof\\_0a0a0a0a\\_%'"
        ).fetchall()
        assert len(left) == 1
        database.execute(f'DROP DATABASE "{left[0][0]}"'.encode())


def test_a_sqlite_database_is_copied_and_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "live copy.db"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(TABLE + AT.format("0001"))
    fill(f"sqlite:///{file}")
    before = file.read_bytes()

    report = proved(tmp_path, replace(SCHEMA, dump=str(file)), "sqlite:////x.db")

    assert [(rows.table, rows.before, rows.after) for rows in report.rows] == [("orders", 500, 11)]
    assert file.read_bytes() == before


def test_a_template_is_copied_on_the_server_for_proofs(
    masked: str, server: TemporaryPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKED", masked)
    for number, name in enumerate((masked.rpartition("/")[2], "env:MASKED")):
        schema = replace(SCHEMA, template=name)
        report = proved(tmp_path / str(number), schema, "postgresql+psycopg://x/y", server.address)

        assert [(rows.table, rows.before, rows.after) for rows in report.rows] == [("orders", 500, 11)]


def test_rows_that_stand_elsewhere_are_said(masked: str, server: TemporaryPostgres, tmp_path: Path) -> None:
    schema = replace(SCHEMA, template=masked.rpartition("/")[2])
    stand_at(masked, "0002")
    report = proved(tmp_path / "ahead", schema, "postgresql+psycopg://x/y", server.address)
    assert (
        "The rows for proofs have migrations/versions/0002_next.py already, so it was not tried on them."
        in report.unknown
    )

    stand_at(masked, "0042")
    assert refused(tmp_path / "lost", schema, "postgresql+psycopg://x/y", server.address) == (
        "The rows for proofs stand at 0042, which is in no migration of this tree: take a newer dump or template of "
        "production."
    )


def test_data_without_rows_is_no_data(masked: str, server: TemporaryPostgres, tmp_path: Path) -> None:
    with psycopg.connect(masked, autocommit=True) as database:
        database.execute("TRUNCATE orders")
    schema = replace(SCHEMA, template=masked.rpartition("/")[2])

    report = proved(tmp_path, schema, "postgresql+psycopg://x/y", server.address)

    said = "What `schema` names brought no rows, so what fails on full tables was not tried."
    assert said in report.unknown


def test_a_template_that_can_not_be_copied(masked: str, server: TemporaryPostgres, tmp_path: Path) -> None:
    postgres, name = "postgresql+psycopg://x/y", masked.rpartition("/")[2]

    assert refused(tmp_path / "a", replace(SCHEMA, template="nobody"), postgres, server.address) == (
        "The Postgres for proofs has no database nobody: make it, or correct `template` in gate.yaml."
    )
    with psycopg.connect(masked):
        assert refused(tmp_path / "b", replace(SCHEMA, template=name), postgres, server.address) == (
            f"Somebody is connected to {name} on the Postgres for proofs. It can only be copied while nobody is: end "
            "that connection, or have a copy made for proofs alone."
        )
    assert refused(tmp_path / "c", replace(SCHEMA, template=name), postgres) == (
        "`template` in gate.yaml names a database on the server of GATE_PROOF_POSTGRES, and that is not set: set it "
        "and start again, or write `dump`."
    )
    assert refused(tmp_path / "d", replace(SCHEMA, template=name), "sqlite:///x") == (
        "`template` in gate.yaml is for Postgres: name the file of a SQLite database by `dump`."
    )


def test_a_user_who_may_not_copy_or_make_databases(masked: str, server: TemporaryPostgres) -> None:
    name = masked.rpartition("/")[2]
    with psycopg.connect(server.address, autocommit=True) as database:
        database.execute("CREATE ROLE limited LOGIN PASSWORD 'x'")
        address = server.address.replace(database.info.password, "x").replace("postgres:x@", "limited:x@")
        try:
            with pytest.raises(Unavailable) as caught, Clones(address).make():
                pass
            assert caught.value.message == (
                "The user limited may not make databases on the Postgres for proofs: `ALTER ROLE limited CREATEDB`."
            )
            database.execute("ALTER ROLE limited CREATEDB")
            with pytest.raises(Unavailable) as caught, Clones(address).make(name):
                pass
            assert caught.value.message == (
                f"The user limited may not copy {name} on the Postgres for proofs: make it the owner, or "
                f"`ALTER DATABASE {name} IS_TEMPLATE true`."
            )
        finally:
            database.execute("DROP ROLE limited")


def test_a_server_that_is_not_there_says_nothing_secret() -> None:
    with pytest.raises(Unavailable) as caught, Clones("postgresql://me:sesame@127.0.0.1:1/x").make():
        pass

    assert caught.value.message.startswith(
        "The Postgres for proofs does not answer as it should: see whether it runs, and whether GATE_PROOF_POSTGRES is "
        "right. "
    )
    assert "sesame" not in caught.value.message + caught.value.evidence


def test_a_file_that_is_no_dump(tmp_path: Path) -> None:
    def said(path: Path) -> str:
        with pytest.raises(Unavailable) as caught:
            look(path)
        return caught.value.message

    assert said(tmp_path / "nothing") == (
        f"The dump {tmp_path}/nothing can not be read (No such file or directory): `dump` in gate.yaml names a file on "
        "the server that Staging Gate itself may read."
    )
    (tmp_path / "notes").write_text("buy milk\n")
    wanted = "is no dump that can be restored: wanted what pg_dump wrote, or a SQLite database."
    assert said(tmp_path / "notes") == f"{tmp_path}/notes {wanted}"
    (tmp_path / "packed").write_bytes(b"\x1f\x8b\x08\0")
    assert said(tmp_path / "packed") == f"{tmp_path}/packed {wanted} It is packed: unpack it."


def test_a_dump_of_another_kind(tmp_path: Path, server: TemporaryPostgres) -> None:
    (tmp_path / "x.dump").write_bytes(b"PGDMP\1\16")
    (tmp_path / "x.db").write_bytes(b"SQLite format 3\0")

    assert refused(tmp_path / "a", replace(SCHEMA, dump=f"{tmp_path}/x.dump"), "sqlite:///x") == (
        f"{tmp_path}/x.dump is a dump of another kind of database (pg_dump, custom)."
    )
    assert refused(
        tmp_path / "b", replace(SCHEMA, dump=f"{tmp_path}/x.db"), "postgresql+psycopg://x/y", server.address
    ) == (f"{tmp_path}/x.db is a dump of another kind of database (SQLite).")


def test_a_dump_that_does_not_fit_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "x.dump").write_bytes(b"PGDMP" + b"\0" * 3 * 1024**2)
    with pytest.raises(Unavailable) as caught:
        look_for_room(look(tmp_path / "x.dump"), tmp_path, lambda folder: 2 * 1024**2)

    assert caught.value.message == (
        f"The dump {tmp_path}/x.dump needs about 15.0 MB, and {tmp_path} has 2.0 MB free: free some, or make a smaller "
        "dump for proofs."
    )


def test_a_dump_of_a_newer_version(tmp_path: Path, server: TemporaryPostgres) -> None:
    (tmp_path / "x.dump").write_bytes(b"PGDMP\1\143\0" + b"\4\x08\1" + b"\0" * 64)

    assert refused_by(look(tmp_path / "x.dump"), server) == (
        f"The dump {tmp_path}/x.dump was written by a newer pg_dump than the programs here, which are PostgreSQL "
        f"{installed()[-1].major}: install a newer postgresql-client, or make the dump with an older one."
    )


def test_a_dump_that_is_broken(tmp_path: Path, server: TemporaryPostgres, masked: str) -> None:
    whole = dumped(masked, tmp_path / "whole.sql", "--format=plain").read_text()
    (tmp_path / "x.sql").write_text(whole.replace("CREATE TABLE", "CREATE TABEL"))

    said = refused_by(look(tmp_path / "x.sql"), server)

    assert said.startswith(f"The dump {tmp_path}/x.sql can not be restored: psql:{tmp_path}/x.sql:")
    assert 'syntax error at or near "TABEL"' in said


def test_a_dump_that_takes_too_long_and_one_that_nobody_waits_for(tmp_path: Path, server: TemporaryPostgres) -> None:
    (tmp_path / "x.sql").write_text("-- PostgreSQL database dump\nSELECT pg_sleep(60);\n")

    assert refused_by(look(tmp_path / "x.sql"), server, within=0.5) == (
        f"The dump {tmp_path}/x.sql was not restored within 0.5 s."
    )
    with pytest.raises(Stopped):
        Restoring(look(tmp_path / "x.sql"), 60.0, variables(server.address), lambda: True).go()


def refused_by(dump: Dump, server: TemporaryPostgres, within: float = 60.0) -> str:
    with server.database() as address, pytest.raises(Unavailable) as caught:
        Restoring(dump, within, variables(address), live).go()
    return caught.value.message
