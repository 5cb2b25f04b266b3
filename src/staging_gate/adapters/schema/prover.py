"""The proof of a service's migrations, on a server where nothing is lost."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from staging_gate.adapters.schema.alembic_tool import Alembic
from staging_gate.adapters.schema.clones import Clones
from staging_gate.adapters.schema.command_tool import CommandTool
from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.dumps import SQLITE, look, look_for_room
from staging_gate.adapters.schema.postgres import PostgresDatabases, plain
from staging_gate.adapters.schema.proving import Proof
from staging_gate.adapters.schema.sqlite import SqliteDatabases
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.service import Schema
from staging_gate.ports.errors import Unavailable
from staging_gate.ports.schema_tool import SchemaTool, Site

SEED_WITHIN = 600.0
NO_ROWS = (
    "No rows to try them on: `schema` has no `seed`, `dump` or `template`, so what fails on full tables was not tried."
)
TOOLS: Mapping[str, SchemaTool] = {"alembic": Alembic(), "commands": CommandTool()}


@dataclass(frozen=True)
class Prover:
    """Implements `ports.schema_tool.MigrationProver`. `server` is the address of a Postgres where databases may be made
    and dropped; without one, a temporary server is started for each proof that needs it. `owner` names the
    installation, so that what a kill has left is known to be ours."""

    server: str = ""
    owner: str = "nobody"

    def prove(
        self, service: str, schema: Schema, site: Site, production: Site | None, address: str, within: float
    ) -> MigrationReport:
        tool = TOOLS[schema.tool]
        since = tool.heads(production.tree, schema) if production else None
        with self.databases(site, urlsplit(address).scheme, within) as databases:
            base = self.base(databases, schema, site, within) if production else None
            seed = lambda clone: fill(site, schema, clone)  # noqa: E731
            return Proof(service, tool, schema, site, databases, since, seed, production, base).report()

    @contextmanager
    def databases(self, site: Site, scheme: str, within: float | None = None) -> Iterator[Databases]:
        """Where clones of a database are made whose address has this scheme. No statement in them takes longer than
        `within` seconds."""
        kind = scheme.partition("+")[0]
        if kind == "sqlite":
            yield SqliteDatabases(site.scratch)
        elif kind not in ("postgresql", "postgres"):
            raise Unavailable(
                f"Migrations of a {kind or 'nameless'} database can not be proved: Postgres and SQLite can."
            )
        else:
            with self._server() as server:
                yield PostgresDatabases(server, scheme, self.owner, within)

    def base(self, databases: Databases, schema: Schema, site: Site, within: float) -> str | None:
        """The address of a database with rows that clones are to be copied from; None where gate.yaml names none.

        Raises Unavailable where it can not be had.
        """
        if schema.template:
            if not isinstance(databases, PostgresDatabases):
                raise Unavailable(
                    "`template` in gate.yaml is for Postgres: name the file of a SQLite database by `dump`."
                )
            if not self.server:
                raise Unavailable(
                    "`template` in gate.yaml names a database on the server of GATE_PROOF_POSTGRES, and that is not "
                    "set: set it and start again, or write `dump`."
                )
            return databases.address(site.value_of(schema.template))
        if not schema.dump:
            return None
        dump = look(Path(site.value_of(schema.dump)))
        if (dump.form == SQLITE) == isinstance(databases, PostgresDatabases):
            raise Unavailable(f"{dump.path} is a dump of another kind of database ({dump.form}).")
        if not isinstance(databases, PostgresDatabases):
            look_for_room(dump, site.scratch)
            return f"sqlite:///{dump.path}"
        if not self.server:
            look_for_room(dump, Path(tempfile.gettempdir()))
        return databases.restored(dump, within, site.cancelled)

    def sweep(self) -> list[str]:
        """Drop what proofs of this installation that died have left; what was dropped. Raises Unavailable."""
        try:
            from staging_gate.adapters.schema.server import sweep_servers
        except ModuleNotFoundError:
            return []
        dropped = sweep_servers(self.owner)
        return dropped + Clones(plain(self.server), self.owner).sweep() if self.server else dropped

    @contextmanager
    def _server(self) -> Iterator[str]:
        try:
            from staging_gate.adapters.schema.server import PostgresMissing, temporary_postgres
        except ModuleNotFoundError as error:
            raise Unavailable(
                "To prove migrations of Postgres, install `staging-gate[postgres]`, where Staging Gate runs."
            ) from error
        if self.server:
            yield self.server
            return
        try:
            with temporary_postgres(owner=self.owner) as server:
                yield server.address
        except PostgresMissing as error:
            raise Unavailable(
                f"There is no Postgres to prove migrations on, and GATE_PROOF_POSTGRES names none. {error}"
            ) from error


def fill(site: Site, schema: Schema, clone: str) -> str:
    """What could not be done; nothing when there is data now."""
    if not schema.seed:
        rows = schema.dump or schema.template
        return "" if rows else NO_ROWS
    ran = site.run(schema.seed, {schema.database: clone}, SEED_WITHIN)
    return f"The seed command failed, so they were tried without rows: {ran.error}" if ran.error else ""
