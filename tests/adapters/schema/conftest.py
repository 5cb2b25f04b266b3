"""One Postgres for all tests of a run, and databases of both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.postgres import PostgresDatabases
from staging_gate.adapters.schema.sqlite import SqliteDatabases
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres


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
