"""A situation that people manage, from the moment somebody notices until it is resolved."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """P0 is the worst: production is down. P1: an important part of it is."""

    P0 = "p0"
    P1 = "p1"
    P2 = "p2"
    P3 = "p3"

    @property
    def is_critical(self) -> bool:
        """Whether no release goes to production before it is resolved."""
        return self in (Severity.P0, Severity.P1)


class Phase(StrEnum):
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Incident:
    """Open until it is resolved. `deployment` is the one that it is about, `details` what was tried and seen when
    it was opened, `resolution` how it ended."""

    id: int
    severity: Severity
    title: str
    opened_by: str
    opened_at: datetime
    phase: Phase = Phase.INVESTIGATING
    deployment: str | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    resolution: str = ""
    details: str = ""

    @property
    def is_open(self) -> bool:
        return self.phase is not Phase.RESOLVED
