"""Bypasses as people read them."""

from datetime import datetime, timedelta

from staging_gate.domain.bypass import Bypass


def line(bypass: Bypass, at: datetime) -> str:
    """For a place where it must not be overlooked."""
    lasts = f", until {_moment(bypass.expires_at)}" if bypass.in_force(at) else ""
    return f"{bypass.by} lets {bypass.code} of {bypass.subject} be passed ({state(bypass, at)}{lasts}): {bypass.reason}"


def passed_by(bypass: Bypass) -> str:
    """Below the reason that it lets be passed."""
    return f"passed by {bypass.id} of {bypass.by}, until {_moment(bypass.expires_at)}: {bypass.reason}"


def state(bypass: Bypass, at: datetime) -> str:
    if bypass.used_at is not None:
        return f"used for {bypass.used_for}"
    if bypass.withdrawn_at is not None:
        return "withdrawn"
    return "in force" if bypass.in_force(at) else "expired"


def over(bypass: Bypass, at: datetime) -> str:
    if bypass.used_at is not None:
        return (
            f"{bypass.id} was used for {bypass.used_for}, {_moment(bypass.used_at)}: it can not be withdrawn any more. "
            "To stop a deployment: `gate deployment cancel ID`; to go back: `gate rollback`."
        )
    since = bypass.withdrawn_at or bypass.expires_at
    return f"{bypass.id} is {state(bypass, at)} since {_moment(since)}: there is nothing to withdraw."


def review(bypass: Bypass, used_for: str) -> str:
    return f"Review the bypass of {bypass.code} by {bypass.by}, used for {used_for}: {bypass.reason}"


def justification(least: int, most: int) -> str:
    return (
        f'A bypass needs a justification of {least} to {most} letters: --reason "...". It goes on the record, and '
        "somebody else reviews it afterwards."
    )


def how_long(shortest: timedelta, longest: timedelta) -> str:
    minutes, hours = int(shortest.total_seconds()) // 60, int(longest.total_seconds()) // 3600
    return f"A bypass lasts from {minutes} minutes to {hours} hours: --for 2h. What waits longer needs a new one then."


def tag_line(bypass: Bypass) -> str:
    """For the message of a release's tag: one line, as it is read by machines too."""
    return f"Gate-Bypass: {bypass.code} by {bypass.by}, {_moment(bypass.at)}: {bypass.reason}"


def _moment(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M} UTC"
