"""A moment as people type it: `fri 15:00`, `tomorrow 10:00`, `15:00`, `+3d`, `2026-12-24`, `2026-12-24 10:00`."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from staging_gate.domain.calendar.local_time import instant, shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORMS = "fri 15:00, tomorrow 10:00, 15:00, +2h, +3d, 2026-12-24, 2026-12-24 10:00, or with an offset as in ISO 8601"
_CLOCK = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)"
_ON_A_DAY = re.compile(rf"(?:(?P<day>[a-z]+) )?{_CLOCK}")
_AHEAD = re.compile(r"\+(?P<n>\d{1,4})(?P<unit>[mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """In UTC. Days and times are those of `zone`, and the next such one after `now`. Raises ValueError."""
    words = " ".join(text.lower().split())
    if found := _AHEAD.fullmatch(words):
        return now + timedelta(**{_UNITS[found["unit"]]: int(found["n"])})
    if found := _ON_A_DAY.fullmatch(words):
        days = _days_ahead(found["day"], shown(now, zone).date())
        clock = time(int(found["hour"]), int(found["minute"]))
        possible = (instant(datetime.combine(day, clock), zone) for day in days)
        return next(at for at in possible if at >= now)
    try:
        written = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no moment; wanted one such as {FORMS}.") from None
    if not 2000 <= written.year <= 2999:  # calendars look years ahead, and dates end with the year 9999
        raise ValueError(f"{text!r} is too far away; wanted a moment from 2000 to 2999.")
    return instant(written, zone) if written.tzinfo is None else written.astimezone(UTC)


def _days_ahead(word: str | None, today: date) -> list[date]:
    """The days that a word can mean, the nearest first."""
    ahead = [today + timedelta(days=n) for n in range(9)]
    if word is None:
        return ahead
    if word in ("today", "tomorrow"):
        return ahead[word == "tomorrow" :]
    if len(word) < 3 or not any(name.startswith(word) for name in _FULL):
        raise ValueError(f"{word!r} is no day of the week; wanted one of {', '.join(DAYS)}, today or tomorrow.")
    return [day for day in ahead if _FULL[day.weekday()].startswith(word)]


_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
