"""A copy of a service's database, made right before new migrations touch it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class BackupProof(StrEnum):
    """How far it was proved that the copy can be restored. restored: it was, and had the rows of the database it was
    made of. listed: its table of contents can be read, and there was nothing to restore it on."""

    RESTORED = "restored"
    LISTED = "listed"


@dataclass(frozen=True)
class BackupRules:
    """How long backups are `keep`t, and how long one may take. With `none_because` there are none, and that is why."""

    keep: timedelta = timedelta(days=14)
    within: timedelta = timedelta(hours=1)
    none_because: str = ""


@dataclass(frozen=True)
class Backup:
    """Of the database of `service`, for `deployment`. `at` is when it was begun: what was written later is not in it.

    `kind` is `postgres` or `sqlite`; `file` its place on the server's machine, of `size` bytes; `revisions` are the
    migrations that the database had. `note` says what could not be proved. It is removed at `remove_at` (None: nobody
    has said when).
    """

    deployment: str
    service: str
    at: datetime
    kind: str
    file: str
    size: int
    sha256: str
    revisions: tuple[str, ...]
    tables: int
    rows: int
    proof: BackupProof
    note: str = ""
    seconds: float = 0.0
    remove_at: datetime | None = None
    removed_at: datetime | None = None

    @property
    def is_kept(self) -> bool:
        return self.removed_at is None


@dataclass(frozen=True)
class RestoreStep:
    """Shell commands, and why they come at this point."""

    why: str
    commands: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"# {self.why}", *self.commands])


@dataclass(frozen=True)
class RestorePlan:
    """How the databases come back to what they were before `deployment`. `release` is what ran then, None where that
    was none of ours; `lost` says what the backups do not have."""

    deployment: str
    release: str | None
    backups: tuple[Backup, ...]
    steps: tuple[RestoreStep, ...]
    lost: str


def due(kept: Sequence[Backup], at: datetime) -> list[Backup]:
    """Those whose time is over, the oldest first. The last one of each service that was restored for proof stays."""
    last = {one.service: one for one in sorted(kept, key=_when) if one.proof is BackupProof.RESTORED}
    return [
        one for one in sorted(kept, key=_when) if one.remove_at and one.remove_at <= at and one != last.get(one.service)
    ]


def _when(backup: Backup) -> datetime:
    return backup.at
