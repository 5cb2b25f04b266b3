"""What stands around a decision: what was supposed, and where something stands in a queue."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from staging_gate.domain.calendar import spoken


def supposed(at: datetime, zone: str, actor: str, other_rules: bool) -> str:
    """Loud, so that nobody takes it for what is."""
    rules = "under the gate.yaml that you gave" if other_rules else "under the rules in force"
    return f"SUPPOSED, nothing is done: {spoken(at, ZoneInfo(zone))}, {actor} acts, {rules}."


def place(subject: str, number: int, ahead: Sequence[str]) -> str:
    if not ahead:
        return f"{subject} is next: nothing goes before it."
    first = f"{', '.join(ahead[:-1])} and {ahead[-1]}" if len(ahead) > 1 else ahead[0]
    return f"{subject} is number {number} in the queue: it waits for {first}."


def can_not_be_asked(action: str, subject: str, kind: str, known: Sequence[str]) -> str:
    wanted = ", ".join(name.replace("_", "-") for name in known)
    return f"{action.replace('_', '-')} can not be asked about {subject}: with {kind} one can {wanted}."
