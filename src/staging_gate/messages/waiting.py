"""What waits, and for what."""

from zoneinfo import ZoneInfo

from staging_gate.domain.calendar import spoken
from staging_gate.domain.gate import Decision


def waits(subject: str, decision: Decision, zone: str) -> str:
    if decision.open:
        return f"{subject} goes in a moment."
    if decision.until is not None:
        return f"{subject} waits until {spoken(decision.until, ZoneInfo(zone))}."
    missing = " ".join(reason.sentence for reason in decision.reasons if reason.until is None)
    opens = [reason.until for reason in decision.reasons if reason.until is not None]
    first = f", not before {spoken(max(opens), ZoneInfo(zone))}" if opens else ""
    return f"{subject} goes as soon as the gate opens{first}: {missing}"
