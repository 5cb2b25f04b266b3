"""What is said about webhooks."""

from datetime import datetime, timedelta

from staging_gate.domain.delivery import Lag


def lag(lag: Lag, at: datetime) -> str:
    return "; ".join(filter(None, (_came(lag, at), _lost(lag, at), _looked(lag, at))))


def mend(lag: Lag) -> str:
    """What to do where something is not well."""
    if lag.look and lag.look.problem:
        return "Nothing is missed meanwhile, only later: docs/how-to/webhooks.md says which right shows what got lost."
    return "What they hint at could not be looked at: the server's log says why."


def _came(lag: Lag, at: datetime) -> str:
    if lag.last is None:
        return "nothing has come yet"
    said = f"the last came {_ago(at - lag.last)} ago"
    if lag.since is None:
        return f"{said}, none waits"
    return f"{said}, {lag.waiting} {'waits' if lag.waiting == 1 else 'wait'}, the first for {_ago(at - lag.since)}"


def _lost(lag: Lag, at: datetime) -> str:
    if lag.look is None:
        return ""
    if lag.look.problem:
        since = f" since {_ago(at - lag.look.good_at)}" if lag.look.good_at else ""
        return f"what got lost is not known{since}: {lag.look.problem.rstrip('.')}"
    found = f"{lag.lost} got lost and {'was' if lag.lost == 1 else 'were'} found" if lag.lost else "none got lost"
    return f"{found}, asked {_ago(at - lag.look.at)} ago"


def _looked(lag: Lag, at: datetime) -> str:
    return f"we looked by ourselves {_ago(at - lag.looked_at)} ago" if lag.looked_at else ""


def _ago(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
