"""One Postgres for all tests of a run, and databases of both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.postgres import PostgresDatabases
from staging_gate.adapters.schema.sqlite import SqliteDatabases
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres

SEEN = pytest.StashKey[list[tuple[str, str, list[str]]]]()
"""What was found in each history of the corpus: its name, the kind of database, the findings."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    seen = config.stash.get(SEEN, [])
    if seen:
        terminalreporter.section("what was found in the corpus of migrations")
    for name, kind, found in seen:
        for number, one in enumerate(found):
            terminalreporter.line(f"{name if number == 0 else '':34} {kind if number == 0 else '':9} {one}")


@pytest.fixture(scope="session")
def server() -> Iterator[TemporaryPostgres]:
    with temporary_postgres() as running:
        yield running


@pytest.fixture
def postgres(server: TemporaryPostgres) -> Databases:
    return PostgresDatabases(server.address, "postgresql+psycopg")


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest, tmp_path: Path, server: TemporaryPostgres) -> Databases:
    if request.param == "postgres":
        return PostgresDatabases(server.address, "postgresql+psycopg")
    return SqliteDatabases(tmp_path)
