"""What is said about webhooks."""

from datetime import datetime, timedelta

from staging_gate.domain.delivery import Lag


def lag(lag: Lag, at: datetime) -> str:
    if lag.last is None:
        return "nothing has come yet"
    said = f"the last came {_ago(at - lag.last)} ago"
    if lag.since is None:
        return f"{said}, none waits"
    return f"{said}, {lag.waiting} {'waits' if lag.waiting == 1 else 'wait'}, the first for {_ago(at - lag.since)}"


def _ago(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
