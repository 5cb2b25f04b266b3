"""Whether an environment is open, and when that changes next."""

import heapq
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

from staging_gate.domain.calendar.local_time import day_of, instant, midnight
from staging_gate.domain.calendar.nouns import Calendar, Kind, Occurrence
from staging_gate.domain.calendar.public_holidays import holidays_on
from staging_gate.domain.calendar.windows import A_DAY, Span
from staging_gate.domain.environment import Environment

HORIZON = timedelta(days=3660)
"""How far ahead an opening is looked for: leap days may be eight years apart."""


def is_open(calendar: Calendar, environment: Environment, at: datetime) -> bool:
    """In a window, where the environment has any, and neither frozen nor on a holiday."""
    return in_window(calendar, environment, at) and not closures(calendar, environment, at)


def in_window(calendar: Calendar, environment: Environment, at: datetime) -> bool:
    """Windows are production's; without any, it is always true."""
    if not _has_windows(calendar, environment):
        return True
    current = next(window_spans(calendar, at), None)
    return current is not None and current.start <= at


def closures(calendar: Calendar, environment: Environment, at: datetime) -> tuple[Occurrence, ...]:
    """The freezes and the holiday that close the environment at that instant, whatever its windows say."""
    frozen = (f for f in freezes(calendar, environment) if f.starts_at <= at < f.ends_at)
    holiday = _holiday_at(calendar, environment, at)
    return (*frozen, *([holiday] if holiday else []))


def next_opening(calendar: Calendar, environment: Environment, at: datetime) -> datetime | None:
    """The first instant from `at` on, in UTC, at which the environment is open; None where there is none in HORIZON."""
    last = at + HORIZON
    while at <= last:
        closed = closures(calendar, environment, at)
        if closed:
            at = max(each.ends_at for each in closed)
        elif in_window(calendar, environment, at):
            return at
        else:
            at = next((span.start for span in window_spans(calendar, at)), last + A_DAY)
    return None


def open_until(calendar: Calendar, environment: Environment, at: datetime) -> datetime | None:
    """Until when an environment that is open stays so, in UTC; None where nothing closes it within a month."""
    last = at + timedelta(days=31)
    days = (day_of(at, calendar.time_zone) + number * A_DAY for number in range(1, 32))
    ends = [freeze.starts_at for freeze in freezes(calendar, environment) if freeze.starts_at > at]
    ends += [start for day in days if _holiday_at(calendar, environment, start := midnight(day, calendar.time_zone))]
    if _has_windows(calendar, environment):
        ends += [span.end for span in islice(open_spans(calendar, at, last), 1)]
    first = min(ends, default=last)
    return first if first < last else None


def freezes(calendar: Calendar, environment: Environment) -> Iterator[Occurrence]:
    zone = calendar.time_zone
    for freeze in calendar.freezes:
        begins, ends = instant(freeze.begins, zone), instant(freeze.ends, zone)
        if environment in freeze.environments and begins < ends:  # clocks may leave out all of it
            yield Occurrence(Kind.FREEZE, begins, ends, freeze.why, freeze.environments)


def window_spans(calendar: Calendar, after: datetime) -> Iterator[Span]:
    """The times of all windows that end after an instant, by their start; they may overlap."""
    zone = calendar.time_zone
    return heapq.merge(*(window.spans(zone, after) for window in calendar.production_windows))


def open_spans(calendar: Calendar, after: datetime, until: datetime) -> Iterator[Span]:
    """What the windows leave open, without overlaps, from those that end after `after` to those that start before
    `until`; the last may end later."""
    current: Span | None = None
    for span in takewhile(lambda each: each.start < until, window_spans(calendar, after)):
        if current is not None and span.start <= current.end:
            current = Span(current.start, max(current.end, span.end))
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current


def holiday_of(calendar: Calendar, day: date) -> Occurrence | None:
    """The holidays of a local day, as one."""
    name, zone = holidays_on(calendar.holidays, day), calendar.time_zone
    return Occurrence(Kind.HOLIDAY, midnight(day, zone), midnight(day + A_DAY, zone), name) if name else None


def _has_windows(calendar: Calendar, environment: Environment) -> bool:
    return environment is Environment.PRODUCTION and bool(calendar.production_windows)


def _holiday_at(calendar: Calendar, environment: Environment, at: datetime) -> Occurrence | None:
    if environment is not Environment.PRODUCTION:
        return None
    return holiday_of(calendar, day_of(at, calendar.time_zone))
