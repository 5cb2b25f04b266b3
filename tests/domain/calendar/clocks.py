"""The slow oracle: a walk through the minutes of UTC, asking at each what a clock on the wall shows.

It shares nothing with the product but the noun Calendar. The one rule about clocks that change: what counts is the
latest time that the clock has ever shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

from staging_gate.domain.calendar import Calendar, CronWindow, WeeklyWindow
from staging_gate.domain.environment import Environment

MINUTE = timedelta(minutes=1)
BEFORE, AFTER = timedelta(days=6), timedelta(days=10)


@dataclass(frozen=True)
class CronFields:
    """What a cron expression means, as sets: nothing is parsed here."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    weekdays: frozenset[int]

    def match(self, wall: datetime) -> bool:
        return (
            wall.minute in self.minutes
            and wall.hour in self.hours
            and wall.day in self.days
            and wall.isoweekday() % 7 in self.weekdays
        )


@dataclass(frozen=True)
class Walk:
    """Minute by minute around an instant: the minutes in UTC, and the latest that the clock has shown in each."""

    minutes: list[datetime]
    walls: list[datetime]


@lru_cache
def walk(zone: str, around: datetime) -> Walk:
    minutes: list[datetime] = []
    walls: list[datetime] = []
    at = around - BEFORE
    while at < around + AFTER:
        wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        minutes.append(at)
        walls.append(max(wall, walls[-1]) if walls else wall)
        at += MINUTE
    return Walk(minutes, walls)


def open_minutes(calendar: Calendar, crons: dict[str, CronFields], around: datetime) -> list[bool]:
    """For each minute of the walk, whether production is open."""
    walked = walk(calendar.zone, around)
    return [
        free and not closed
        for free, closed in zip(window_minutes(calendar, crons, walked), closed_minutes(calendar, walked), strict=True)
    ]


def window_minutes(calendar: Calendar, crons: dict[str, CronFields], walked: Walk) -> list[bool]:
    if not calendar.production_windows:
        return [True] * len(walked.minutes)
    found = [False] * len(walked.minutes)
    for window in calendar.production_windows:
        minutes = (
            _weekly_minutes(window, walked)
            if isinstance(window, WeeklyWindow)
            else _cron_minutes(window, crons[window.cron], walked)
        )
        found = [one or other for one, other in zip(found, minutes, strict=True)]
    return found


def closed_minutes(calendar: Calendar, walked: Walk) -> list[bool]:
    years = range(walked.walls[0].year, walked.walls[-1].year + 1)
    places = [code.partition("-") for code in calendar.holidays]
    off = {day for country, _, part in places for day in country_holidays(country, part or None, years=years)}
    freezes = [freeze for freeze in calendar.freezes if Environment.PRODUCTION in freeze.environments]
    return [
        wall.date() in off or any(freeze.begins <= wall < freeze.ends for freeze in freezes) for wall in walked.walls
    ]


def cutoff_minutes(weekday: int, clock: time, walked: Walk) -> list[datetime]:
    """The minutes at which the clock shows that time of the week for the first time, or has jumped over it."""
    found, passed = [], walked.walls[0]
    for at, wall in zip(walked.minutes, walked.walls, strict=True):
        while passed < wall:
            passed += MINUTE
            if passed.weekday() == weekday and passed.time() == clock:
                found.append(at)
    return found


def _weekly_minutes(window: WeeklyWindow, walked: Walk) -> Iterator[bool]:
    for wall in walked.walls:
        today, yesterday = wall.weekday() in window.days, (wall.weekday() - 1) % 7 in window.days
        now = wall.time()
        if window.opens < window.closes:
            yield today and window.opens <= now < window.closes
        else:
            yield (today and now >= window.opens) or (yesterday and now < window.closes)


def _cron_minutes(window: CronWindow, fields: CronFields, walked: Walk) -> Iterator[bool]:
    """A clock that jumps passes all the times that it leaves out."""
    passed, closes = walked.walls[0] - window.length, datetime.min.replace(tzinfo=UTC)
    for at, wall in zip(walked.minutes, walked.walls, strict=True):
        while passed < wall:
            passed += MINUTE
            if fields.match(passed):
                closes = max(closes, at + window.length)
        yield at < closes
