"""When what is in staging becomes the next release."""

from datetime import datetime, timedelta

from staging_gate.domain.calendar.local_time import instant, shown
from staging_gate.domain.calendar.nouns import Calendar

A_WEEK = timedelta(days=7)


def next_cutoff(calendar: Calendar, at: datetime) -> datetime | None:
    """The first cut-off after that instant, in UTC; None where the calendar has none."""
    return next((cutoff for cutoff in _around(calendar, at) if cutoff > at), None)


def last_cutoff(calendar: Calendar, at: datetime) -> datetime | None:
    """The last cut-off until that instant, in UTC; None where the calendar has none."""
    return next((cutoff for cutoff in reversed(_around(calendar, at)) if cutoff <= at), None)


def _around(calendar: Calendar, at: datetime) -> list[datetime]:
    """The cut-offs of the week before, this one and the next."""
    weekly, zone = calendar.staging_cutoff, calendar.time_zone
    if weekly is None:
        return []
    today = shown(at, zone).date()
    this_week = datetime.combine(today - timedelta(days=today.weekday() - weekly.weekday), weekly.time)
    return [instant(wall, zone) for wall in (this_week - A_WEEK, this_week, this_week + A_WEEK)]
