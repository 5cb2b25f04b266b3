"""The proof of a service's migrations, on a server where nothing is lost."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from staging_gate.adapters.schema.alembic_tool import Alembic
from staging_gate.adapters.schema.command_tool import CommandTool
from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.postgres import PostgresDatabases
from staging_gate.adapters.schema.proving import Proof
from staging_gate.adapters.schema.sqlite import SqliteDatabases
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.service import Schema
from staging_gate.ports.errors import Unavailable
from staging_gate.ports.schema_tool import SchemaTool, Site

SEED_WITHIN = 600.0
TOOLS: Mapping[str, SchemaTool] = {"alembic": Alembic(), "commands": CommandTool()}


@dataclass(frozen=True)
class Prover:
    """Implements `ports.schema_tool.MigrationProver`. `server` is the address of a Postgres where databases may be made
    and dropped; without one, a temporary server is started for each proof that needs it."""

    server: str = ""

    def prove(
        self, service: str, schema: Schema, site: Site, production: Site | None, address: str, within: float
    ) -> MigrationReport:
        tool = TOOLS[schema.tool]
        since = tool.heads(production.tree, schema) if production else None
        with self.databases(site, urlsplit(address).scheme) as databases:
            return Proof(
                service, tool, schema, site, databases, since, lambda clone: fill(site, schema, clone), production
            ).report()

    @contextmanager
    def databases(self, site: Site, scheme: str) -> Iterator[Databases]:
        """Where clones of a database are made whose address has this scheme."""
        kind = scheme.partition("+")[0]
        if kind == "sqlite":
            yield SqliteDatabases(site.scratch)
        elif kind not in ("postgresql", "postgres"):
            raise Unavailable(
                f"Migrations of a {kind or 'nameless'} database can not be proved: Postgres and SQLite can."
            )
        elif self.server:
            yield PostgresDatabases(self.server, scheme)
        else:
            with _temporary() as address:
                yield PostgresDatabases(address, scheme)


@contextmanager
def _temporary() -> Iterator[str]:
    try:
        from staging_gate.adapters.schema.server import PostgresMissing, temporary_postgres
    except ModuleNotFoundError as error:
        raise Unavailable(
            "To prove migrations of Postgres, install `staging-gate[postgres]`, or name a server: GATE_PROOF_POSTGRES."
        ) from error
    try:
        with temporary_postgres() as server:
            yield server.address
    except PostgresMissing as error:
        raise Unavailable(f"There is no Postgres to prove migrations on. {error}") from error


def fill(site: Site, schema: Schema, clone: str) -> str:
    """What could not be done; nothing when there is data now."""
    if not schema.seed:
        return "No rows to try them on: `schema` has no `seed` command, so what fails on full tables was not tried."
    ran = site.run(schema.seed, {schema.database: clone}, SEED_WITHIN)
    return f"The seed command failed, so they were tried without rows: {ran.error}" if ran.error else ""
