"""What waits, and for what."""

from datetime import datetime
from zoneinfo import ZoneInfo

from staging_gate.domain.calendar import spoken
from staging_gate.domain.gate import Decision


def waits(subject: str, decision: Decision, zone: str) -> str:
    if decision.open:
        return f"{subject} goes in a moment."
    if decision.until is not None:
        return f"{subject} waits until {moment(decision.until, zone)}."
    missing = " ".join(reason.sentence for reason in decision.reasons if reason.until is None)
    opens = [reason.until for reason in decision.reasons if reason.until is not None]
    first = f", not before {moment(max(opens), zone)}" if opens else ""
    return f"{subject} goes as soon as the gate opens{first}: {missing}"


def moment(at: datetime, zone: str) -> str:
    """`Thu 2026-07-02 10:00 BST (09:00 UTC)`."""
    return spoken(at, ZoneInfo(zone))
