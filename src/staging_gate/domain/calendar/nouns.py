"""What a calendar is made of. Times of day, and the edges of freezes, are local: what the clocks of the zone show."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from staging_gate.domain.calendar.windows import DAYS, Window
from staging_gate.domain.environment import Environment


@dataclass(frozen=True)
class WeeklyTime:
    """A day of the week (0 is Monday) and a time of it."""

    weekday: int
    time: time

    def __str__(self) -> str:
        return f"{DAYS[self.weekday]} {self.time:%H:%M}"


@dataclass(frozen=True)
class Freeze:
    """No deployment to these environments from `begins` until before `ends`, both local (naive). Beats windows."""

    begins: datetime
    ends: datetime
    why: str
    environments: tuple[Environment, ...] = (Environment.PRODUCTION,)


@dataclass(frozen=True)
class Calendar:
    """Without windows, production is open whenever nothing closes it.

    `holidays` are countries or parts of them, as `GB` or `US-CA`: their public holidays close production from midnight
    to midnight. Major releases are to be announced `announce_majors` ahead, maintenance `announce_maintenance`.
    """

    zone: str = "UTC"
    staging_cutoff: WeeklyTime | None = None
    production_windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    holidays: tuple[str, ...] = ()
    announce_majors: timedelta = timedelta(days=7)
    announce_maintenance: timedelta = timedelta(days=7)

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class Kind(StrEnum):
    """What stands in a calendar. A cut-off has no length: it ends when it starts."""

    WINDOW = "window"
    FREEZE = "freeze"
    HOLIDAY = "holiday"
    CUTOFF = "cutoff"


@dataclass(frozen=True)
class Occurrence:
    """One thing in the calendar, from `starts_at` until before `ends_at`, in UTC.

    `title` is a freeze's why or a holiday's name; windows and cut-offs have none.
    """

    kind: Kind
    starts_at: datetime
    ends_at: datetime
    title: str = ""
    environments: tuple[Environment, ...] = (Environment.PRODUCTION,)
