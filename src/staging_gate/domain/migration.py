"""What is found when migrations are looked at: each finding with its place, why it hurts, and what to do instead."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """error closes the gate, warning is shown, note is said for completeness."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """`path` is relative to the tree; `line` counts from 1."""

    code: str
    severity: Severity
    path: str
    line: int
    what: str
    why: str
    instead: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.what} [{self.code}]"


@dataclass(frozen=True)
class Rows:
    table: str
    before: int
    after: int


@dataclass(frozen=True)
class MigrationReport:
    """What was found out about a service's migrations.

    `since` are production's revisions (None: it has none yet), `new` the paths of the migrations that come after them,
    in order. `rows` are those of tables whose number changed on the clone. `unknown` says what could not be found out,
    and why: not knowing is no finding, and no proof.
    """

    service: str
    findings: tuple[Finding, ...] = ()
    since: tuple[str, ...] | None = None
    new: tuple[str, ...] = ()
    rows: tuple[Rows, ...] = ()
    unknown: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def passed(self) -> bool:
        return not self.errors
