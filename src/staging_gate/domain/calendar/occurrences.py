"""Everything that stands in the calendar between two instants: to be drawn, and for calendar feeds."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from staging_gate.domain.calendar.cutoffs import next_cutoff
from staging_gate.domain.calendar.local_time import day_of, midnight
from staging_gate.domain.calendar.nouns import Calendar, Kind, Occurrence
from staging_gate.domain.calendar.openings import freezes, holiday_of, open_spans
from staging_gate.domain.calendar.windows import A_DAY, Span
from staging_gate.domain.environment import Environment

AROUND = timedelta(days=8)
"""How much longer than the time in question a window may be, which is a week at most."""


def occurrences(calendar: Calendar, start: datetime, until: datetime) -> tuple[Occurrence, ...]:
    """What touches the time from `start` until before `until`, by when it starts, as a whole.

    Windows are production's: those that overlap or meet are one, and what closes production is cut out of them.
    """
    found = [*_windows(calendar, start, until), *_freezes(calendar, start, until)]
    found += [*_holidays(calendar, start, until), *_cutoffs(calendar, start, until)]
    return tuple(sorted(found, key=lambda each: (each.starts_at, each.ends_at, each.kind)))


def _windows(calendar: Calendar, start: datetime, until: datetime) -> Iterator[Occurrence]:
    closed = [*freezes(calendar, Environment.PRODUCTION), *_holidays(calendar, start - AROUND, until + AROUND)]
    closed.sort(key=lambda each: each.starts_at)
    for span in open_spans(calendar, start, until):
        for piece in _left_by(closed, span):
            if piece.start < until and piece.end > start:
                yield Occurrence(Kind.WINDOW, piece.start, piece.end)


def _left_by(closed: Sequence[Occurrence], span: Span) -> Iterator[Span]:
    """What is left of a window; `closed` by when it starts."""
    at = span.start
    for each in closed:
        if each.starts_at > at:
            yield Span(at, min(each.starts_at, span.end))
        at = max(at, each.ends_at)
        if at >= span.end:
            return
    yield Span(at, span.end)


def _freezes(calendar: Calendar, start: datetime, until: datetime) -> Iterator[Occurrence]:
    found = dict.fromkeys(freeze for environment in Environment for freeze in freezes(calendar, environment))
    return (freeze for freeze in found if freeze.starts_at < until and freeze.ends_at > start)


def _holidays(calendar: Calendar, start: datetime, until: datetime) -> Iterator[Occurrence]:
    zone = calendar.time_zone
    day = day_of(start, zone)
    while midnight(day, zone) < until:
        if holiday := holiday_of(calendar, day):
            yield holiday
        day += A_DAY


def _cutoffs(calendar: Calendar, start: datetime, until: datetime) -> Iterator[Occurrence]:
    at = start
    while (cutoff := next_cutoff(calendar, at)) is not None and cutoff < until:
        yield Occurrence(Kind.CUTOFF, cutoff, cutoff, environments=(Environment.STAGING,))
        at = cutoff
