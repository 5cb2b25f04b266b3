"""What can be done for a database by whoever knows its kind: copy it, plan how it is restored, say what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.domain.diagnosis import Suspect
from staging_gate.domain.service import Schema
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.schema_tool import Site


@dataclass(frozen=True)
class CopyJob:
    """`file` is what is written, beside nothing else; `within` are seconds, `environ` marks every process that is
    started for it, `said` gets what they say."""

    file: Path
    within: float
    environ: Mapping[str, str]
    said: Callable[[str], None]
    cancelled: Cancelled


@dataclass(frozen=True)
class Copied:
    """`note` says what could not be proved."""

    kind: str
    revisions: tuple[str, ...]
    tables: int
    rows: int
    proof: BackupProof
    note: str = ""


@dataclass(frozen=True)
class Case:
    """Migrations that failed: those of the site's tree, on the database of this `address`. `said` is the end of what
    they said, empty where nobody knows; `account` whom they ran as on this machine."""

    schema: Schema
    site: Site
    address: str
    said: str
    account: str


class DatabaseKeeper(Protocol):
    """Raises Unavailable where it can not be done on this machine or the database does not answer: whose release it is
    for, has nothing to do with it. What is said never holds a password."""

    def copy(self, address: str, job: CopyJob) -> Copied | None:
        """Copy what is in the database at one moment, and prove that it can be restored. None where there is nothing
        to copy: no database yet, or one without tables. What it leaves behind when it raises does not count."""
        ...

    def restoring(self, address: str, backup: Backup) -> tuple[str, ...]:
        """The shell commands that bring the database back to this backup, and keep what is there now under another
        name. Nobody else may write to it meanwhile. Passwords are asked for, never shown."""
        ...

    def examine(self, case: Case) -> tuple[Suspect, ...]:
        """Every cause that is known, with its answer. The real database is only read; what its schema should be is
        found out on a clone that is thrown away. Never raises for what it can not find out: that is an answer."""
        ...

    def revisions(self, address: str) -> tuple[str, ...] | None:
        """The migrations that the database says it has; None where that can not be told."""
        ...
