"""What a deployment says about itself."""

from collections.abc import Sequence
from datetime import datetime

from staging_gate.domain.deployment import Deployment
from staging_gate.domain.log_patterns import Found


def merged(number: int, title: str) -> str:
    return f"change {number} was merged: {title}"


def published(tag: str, by: str, wanted_at: datetime | None = None) -> str:
    """`wanted_at` is when it was asked for, where that was earlier."""
    if wanted_at is None:
        return f"{tag} was published by {by}"
    return f"{tag} was published by the calendar: {by} asked for it on {wanted_at:%a %Y-%m-%d %H:%M} UTC"


def rollback(tag: str, reason: str) -> str:
    return f"rollback to {tag}: {reason}"


def automatic_rollback(failed: Deployment) -> str:
    return f"{name(failed)} did not pass ({failed.id})"


def failed_in_production(failed: Deployment) -> str:
    return f"failed in production ({failed.id})"


def name(deployment: Deployment) -> str:
    return deployment.release or f"{deployment.revision.short} ({deployment.id})"


def nothing_to_put_back() -> str:
    return (
        "Nothing received the traffic before it, so there is nothing to put back: "
        "its address answers 503 until the next deployment."
    )


def route_not_closed(why: str) -> str:
    return sentences(
        "There is nothing to put back, and its address could not be closed:", why, "A person has to act now."
    )


def put_back(names: str) -> str:
    return f"{names} is back."


def put_back_failed(names: str, why: str) -> str:
    return sentences(f"{names} could not be put back:", why, "It is tried once more: its kept build is started anew.")


def rollback_failed(why: str, moved: bool, again: bool) -> str:
    now = "It stays live" if moved else "Perhaps not all of its services receive the traffic"
    then = "it is tried once more: its kept build is started anew." if again else "a person has to look."
    return sentences(f"The rollback did not pass: {why}", f"{now}; {then}")


def second_try(first: Deployment) -> str:
    return f"{first.why} (second try: {first.id} did not succeed, so the kept build is started anew)"


def logs_found(found: Found | None) -> str:
    """What the first minutes of the logs say."""
    if found is None:
        return "Unknown: no service can tell what it has logged since."
    lines = "1 line" if found.lines == 1 else f"{found.lines} lines"
    if not found.counts:
        return f"None of the runbook's patterns in {lines}."
    counted = (f"{pattern} {'once' if count == 1 else f'{count} times'}" for pattern, count in found.counts)
    return f"In {lines}: {', '.join(counted)}."


def superseded_by(id: str) -> str:
    return f"{id} is newer"


def cancelled(by: str) -> str:
    return f"{by} cancelled it."


def smoke_failed(service: str, summary: str, where: str) -> str:
    return f"The smoke tests of {service} did not pass {where}: {summary}"


def sentences(*texts: str) -> str:
    """One after the other; those that end in nothing get a full stop."""
    return " ".join(text if text.endswith((".", ":", "!", "?")) else f"{text}." for text in texts)


def services(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
