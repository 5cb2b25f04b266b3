"""What can be done for a database by whoever knows its kind: copy it, prove the copy, plan how it is restored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.ports.deploy_target import Cancelled


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

    def revisions(self, address: str) -> tuple[str, ...] | None:
        """The migrations that the database says it has; None where that can not be told."""
        ...
