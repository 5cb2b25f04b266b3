"""Recurring times at which production is open, in local time, and when that is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from cronsim import CronSim

from staging_gate.domain.calendar.local_time import instant, shown, shown_at_most

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
A_DAY = timedelta(days=1)


class Span(NamedTuple):
    """From `start` until before `end`, both in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class WeeklyWindow:
    """Opens on these days of the week (0 is Monday) and closes at `closes`: on the next day, unless that is later than
    `opens`. From midnight to midnight is the whole day."""

    days: tuple[int, ...]
    opens: time
    closes: time

    def spans(self, zone: ZoneInfo, after: datetime) -> Iterator[Span]:
        """Without end: the times at which it is open that end after an instant, by their start.

        The first may have begun already. One that falls into a gap of the clocks as a whole is left out.
        """
        day = shown(after, zone).date() - A_DAY  # what began before yesterday has ended
        while True:
            if day.weekday() in self.days and (span := self._on(day, zone)).end > max(after, span.start):
                yield span
            day += A_DAY

    def _on(self, day: date, zone: ZoneInfo) -> Span:
        last = day + A_DAY if self.closes <= self.opens else day
        opens, closes = datetime.combine(day, self.opens), datetime.combine(last, self.closes)
        return Span(instant(opens, zone), instant(closes, zone))

    def __str__(self) -> str:
        closes = f"{self.closes:%H:%M}" if self.closes != time() else "24:00"
        return f"{','.join(DAYS[day] for day in self.days)} {self.opens:%H:%M}-{closes}"


@dataclass(frozen=True)
class CronWindow:
    """Opens whenever the cron expression (five fields, local time) says so, for `length` of real time."""

    cron: str
    length: timedelta

    def spans(self, zone: ZoneInfo, after: datetime) -> Iterator[Span]:
        """As those of a weekly window; they end where cron finds nothing for 50 years."""
        began = self._last_start(zone, after)
        if began is not None and began + self.length > after:
            yield Span(began, began + self.length)
        for wall in CronSim(self.cron, shown(after, zone)):
            if (start := instant(wall, zone)) > after:
                yield Span(start, start + self.length)

    def _last_start(self, zone: ZoneInfo, at: datetime) -> datetime | None:
        """A second is added because cron's search leaves out the time from which it searches."""
        latest = shown_at_most(at, zone) + timedelta(seconds=1)
        starts = (instant(wall, zone) for wall in CronSim(self.cron, latest, reverse=True))
        return next((start for start in starts if start <= at), None)

    def __str__(self) -> str:
        hours, minutes = divmod(self.length // timedelta(minutes=1), 60)
        return f'cron "{self.cron}" for ' + (f"{hours}h" if not minutes else f"{hours * 60 + minutes}m")


Window: TypeAlias = WeeklyWindow | CronWindow
