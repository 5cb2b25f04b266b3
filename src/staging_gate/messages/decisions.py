"""Decisions as people read them."""

from staging_gate.domain.gate import Decision, Reason

NAMES = {
    "open_change": "open this change",
    "approve": "approve it",
    "merge": "merge it",
    "publish": "publish it",
    "deploy": "deploy it",
    "roll_back": "roll back",
    "hold": "hold or lift",
}


def headline(decision: Decision) -> str:
    what = f"{decision.actor} can {NAMES[decision.action]}"
    if decision.open:
        return f"The gate is open: {what}."
    count = len(decision.reasons)
    return f"The gate is closed, for {count} {'reason' if count == 1 else 'reasons'}."


def lines(decision: Decision) -> list[str]:
    """A plain rendering: the headline, then each reason with its evidence and what would open it."""
    text = [headline(decision)]
    for reason in decision.reasons:
        text += _reason(reason)
    return text


def _reason(reason: Reason) -> list[str]:
    text = [f"- {reason.sentence} [{reason.code}]"]
    text += [f"    {line}" for line in reason.evidence]
    if reason.until is not None:
        text.append(f"    until {reason.until:%a %Y-%m-%d %H:%M} UTC")
    if reason.bypass:
        text.append(f"    may be bypassed by: {', '.join(reason.bypass)}")
    text.append(f"    -> {reason.opens_when}")
    return text
