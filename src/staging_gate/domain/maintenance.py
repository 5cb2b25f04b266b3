"""Announced time in which something is worked on, and people were told ahead that they may notice it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from staging_gate.domain.calendar import Calendar, is_open, next_opening
from staging_gate.domain.environment import Environment

LONGEST = timedelta(days=7)
"""What takes longer is announced in parts: somebody has to look again."""


class MaintenanceState(StrEnum):
    ANNOUNCED = "announced"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Maintenance:
    """`affected` is what people will notice. `services` are those that are worked on, all where it is empty.

    It lasts from `starts_at` until before `ends_at`. `changes` is how often it was changed since it was announced, a
    cancellation too.
    """

    id: int
    title: str
    environment: Environment
    starts_at: datetime
    ends_at: datetime
    announced_by: str
    announced_at: datetime
    affected: str = ""
    services: tuple[str, ...] = ()
    note: str = ""
    changes: int = 0
    changed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    cancelled_reason: str = ""

    def state(self, at: datetime) -> MaintenanceState:
        """By the time alone: nothing has to happen for it to begin or to end."""
        if self.cancelled_at is not None:
            return MaintenanceState.CANCELLED
        if at < self.starts_at:
            return MaintenanceState.ANNOUNCED
        return MaintenanceState.ACTIVE if at < self.ends_at else MaintenanceState.COMPLETED

    def is_active(self, at: datetime) -> bool:
        return self.state(at) is MaintenanceState.ACTIVE


def active(windows: Iterable[Maintenance], environment: Environment, at: datetime) -> Maintenance | None:
    """The one of an environment that lasts longest from now on."""
    now = [each for each in windows if each.environment is environment and each.is_active(at)]
    return max(now, key=lambda each: each.ends_at, default=None)


def next_in_calendar(
    windows: Iterable[Maintenance], calendar: Calendar | None, environment: Environment, at: datetime
) -> datetime | None:
    """The first moment from `at` on that is in a maintenance of the environment, and not closed by the calendar (None:
    the calendar does not matter); None where there is no such moment in those that are announced."""
    for each in sorted(windows, key=lambda each: (each.starts_at, each.id)):
        if each.environment is not environment or each.cancelled_at is not None or each.ends_at <= at:
            continue
        begins = max(each.starts_at, at)
        if calendar is None or is_open(calendar, environment, begins):
            return begins
        opens = next_opening(calendar, environment, begins)
        if opens is not None and opens < each.ends_at:
            return opens
    return None
