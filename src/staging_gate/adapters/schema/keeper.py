"""Looks after the databases of services, whatever their kind."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from staging_gate.adapters.schema import postgres_backup, sqlite_backup
from staging_gate.adapters.schema.examining import Examination
from staging_gate.adapters.schema.prover import Prover
from staging_gate.domain.backup import Backup
from staging_gate.domain.diagnosis import Suspect
from staging_gate.ports.databases import Case, Copied, CopyJob
from staging_gate.ports.errors import Unavailable


@dataclass(frozen=True)
class Keeper:
    """Implements `ports.databases.DatabaseKeeper`. `server` is the address of a Postgres for proofs, if there is one;
    `owner` names the installation. Addresses of SQLite databases have full paths."""

    server: str = ""
    owner: str = "nobody"

    def copy(self, address: str, job: CopyJob) -> Copied | None:
        if _kind(address) == "sqlite":
            return sqlite_backup.copy(_file(address), job)
        return postgres_backup.PostgresBackups(self.server, self.owner).copy(address, job)

    def restoring(self, address: str, backup: Backup) -> tuple[str, ...]:
        if _kind(address) == "sqlite":
            return sqlite_backup.restoring(_file(address), backup)
        return postgres_backup.restoring(address, backup)

    def examine(self, case: Case) -> tuple[Suspect, ...]:
        return Examination(Prover(self.server, self.owner)).of(case)

    def revisions(self, address: str) -> tuple[str, ...] | None:
        try:
            kind = _kind(address)
        except Unavailable:
            return None
        return sqlite_backup.revisions(_file(address)) if kind == "sqlite" else postgres_backup.revisions(address)


def _kind(address: str) -> str:
    """Raises Unavailable for what is neither."""
    kind = urlsplit(address).scheme.partition("+")[0]
    if kind == "sqlite":
        return "sqlite"
    if kind in ("postgres", "postgresql"):
        return "postgres"
    raise Unavailable(
        f"A {kind or 'nameless'} database can not be backed up here: Postgres and SQLite can. Make backups of your "
        "own, and say so in gate.yaml: `flow.production.backup.none_because`."
    )


def _file(address: str) -> Path:
    """`sqlite:////a/b.db` is absolute."""
    return Path(urlsplit(address).path[1:])
