"""What stands in the calendar, in words."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from staging_gate.domain.calendar import Kind, Occurrence, spoken
from staging_gate.domain.calendar.local_time import midnight
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Release

NOTHING_STANDS = "Production is always open: gate.yaml has no windows, freezes or holidays under `calendar:`."


def title(each: Occurrence) -> str:
    """In a list or a calendar program, where the time stands beside it."""
    match each.kind:
        case Kind.WINDOW:
            return "production open"
        case Kind.CUTOFF:
            return "staging cut-off"
        case Kind.HOLIDAY:
            return f"{each.title}: production closed"
        case Kind.FREEZE:
            return f"{' and '.join(each.environments)} frozen: {each.title}"


def published(release: Release) -> str:
    return f"{release.tag} published by {release.published_by}"


def waits(tag: str) -> str:
    return f"{tag} waits, and starts by itself"


def announced(tag: str) -> str:
    return f"{tag} is announced for this day"


def on_day(text: str, starts_at: datetime, ends_at: datetime, begins: datetime, zone: ZoneInfo) -> str:
    """On one day, which begins at `begins`: with the times of that day, where it does not fill it."""
    over = midnight(begins.astimezone(zone).date() + timedelta(days=1), zone)
    if starts_at == ends_at:
        return f"{_clock(starts_at, zone)} {text}"
    if starts_at <= begins and ends_at >= over:
        return text
    until = "24:00" if ends_at >= over else _clock(ends_at, zone)
    return f"{_clock(max(starts_at, begins), zone)}-{until} {text}"


def now_open(environment: Environment, until: datetime | None, zone: ZoneInfo) -> str:
    end = f" until {spoken(until, zone)}" if until else ""
    return f"{environment.capitalize()} is open{end}."


def now_closed(environment: Environment, why: str, opens: datetime | None, zone: ZoneInfo) -> str:
    when = f"It opens on {spoken(opens, zone)}." if opens else "It does not open in ten years."
    return f"{environment.capitalize()} is closed ({why or 'outside its windows'}). {when}"


def next_cutoff(at: datetime, zone: ZoneInfo) -> str:
    return f"What staging holds on {spoken(at, zone)} is the next release."


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"
