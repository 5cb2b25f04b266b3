"""What is found when migrations are looked at: each finding with its place, why it hurts, and what to do instead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase

IN_A_WINDOW = frozenset({"table_rewrite", "long_lock"})
"""What shuts people out for as long as the table has rows: in production it is done in an announced maintenance."""


class Severity(StrEnum):
    """error closes the gate, warning is shown, note is said for completeness."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_WEIGHT = (Severity.NOTE, Severity.WARNING, Severity.ERROR)


@dataclass(frozen=True)
class Exemption:
    """A person's word that a finding is meant: of this rule, in files that `path` fits (`versions/0007_*.py`).

    It counts until the end of the day `until` in the policy's time zone; None: for good.
    """

    rule: str
    path: str
    reason: str
    until: date | None = None

    def fits(self, finding: "Finding") -> bool:
        return finding.code == self.rule and fnmatchcase(finding.path, self.path)

    def is_over(self, day: date) -> bool:
        return self.until is not None and self.until < day


@dataclass(frozen=True)
class ProofRules:
    """What policy makes of findings: other severities by rule, and exemptions."""

    severities: Mapping[str, Severity] = field(default_factory=dict)
    exempt: tuple[Exemption, ...] = ()


@dataclass(frozen=True)
class Finding:
    """`path` is relative to the tree; `line` counts from 1. `built_in` is the severity without policy, where policy
    says another; `exempted` is why it does not count."""

    code: str
    severity: Severity
    path: str
    line: int
    what: str
    why: str
    instead: str
    built_in: Severity | None = None
    exempted: Exemption | None = None

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def is_lowered(self) -> bool:
        return self.built_in is not None and _WEIGHT.index(self.severity) < _WEIGHT.index(self.built_in)

    @property
    def is_heavy(self) -> bool:
        """Whether it asks for a maintenance window; notes ask for nothing."""
        return self.code in IN_A_WINDOW and self.severity is not Severity.NOTE

    def counts(self, day: date) -> bool:
        """Whether no exemption covers it on that day."""
        return self.exempted is None or self.exempted.is_over(day)

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
    and why: not knowing is no finding, and no proof. `judged_on` is the day on which policy's severities and exemptions
    were applied, None before that; `idle` are exemptions of the check that exempt nothing in any service, told once.
    """

    service: str
    findings: tuple[Finding, ...] = ()
    since: tuple[str, ...] | None = None
    new: tuple[str, ...] = ()
    rows: tuple[Rows, ...] = ()
    unknown: tuple[str, ...] = ()
    seconds: float = 0.0
    judged_on: date | None = None
    idle: tuple[Exemption, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(
            finding for finding in self.findings if finding.severity is Severity.ERROR and finding.exempted is None
        )

    @property
    def passed(self) -> bool:
        return not self.errors

    @property
    def exempted(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.exempted is not None)

    def lapsed(self, day: date) -> tuple[Finding, ...]:
        """Errors that passed by an exemption which is over by now."""
        errors = (finding for finding in self.exempted if finding.severity is Severity.ERROR)
        return tuple(finding for finding in errors if finding.counts(day))

    def needs_window(self, day: date) -> tuple[Finding, ...]:
        """What may be done in production only inside of an announced maintenance."""
        return tuple(finding for finding in self.findings if finding.is_heavy and finding.counts(day))


def judge(reports: Iterable[MigrationReport], rules: ProofRules, day: date) -> tuple[MigrationReport, ...]:
    """The reports of one check as policy sees them on a day. Nothing disappears: what is exempted says why."""
    judged = [
        replace(each, findings=tuple(_judged(finding, rules, day) for finding in each.findings), judged_on=day)
        for each in reports
    ]
    used = {finding.exempted for each in judged for finding in each.findings}
    idle = tuple(exemption for exemption in rules.exempt if exemption not in used)
    return tuple(replace(each, idle=idle if number == 0 else ()) for number, each in enumerate(judged))


def _judged(finding: Finding, rules: ProofRules, day: date) -> Finding:
    severity = rules.severities.get(finding.code, finding.severity)
    given: Sequence[Exemption] = [each for each in rules.exempt if each.fits(finding) and not each.is_over(day)]
    return replace(
        finding,
        severity=severity,
        built_in=finding.severity if severity is not finding.severity else None,
        exempted=given[0] if given else None,
    )
