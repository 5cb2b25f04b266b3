"""From what clocks show to instants, and back.

One rule covers both changes of the clocks: a local time means the first instant at which the clocks show it or a
later one. What the clocks leave out begins when they have jumped; what they show twice, begins the first time.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the clocks of `zone` show the naive `wall` or later."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first <= second else _end_of_gap(wall, zone, second, first)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant(datetime.combine(day, time()), zone)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The local day that an instant belongs to: once it has begun, clocks that go back past midnight do not end it."""
    tomorrow = shown(at, zone).date() + timedelta(days=1)
    return tomorrow if midnight(tomorrow, zone) <= at else tomorrow - timedelta(days=1)


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of `zone` show at that instant, naive."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def shown_at_most(at: datetime, zone: ZoneInfo) -> datetime:
    """No later local time than this was shown until that instant; it may be too late by as much as clocks go back."""
    local = at.astimezone(zone)
    back = (local.replace(fold=0).utcoffset() or timedelta()) - (local.utcoffset() or timedelta())
    return local.replace(tzinfo=None, fold=0) + back


def spoken(at: datetime, zone: ZoneInfo) -> str:
    """For people, in their zone and in UTC: `Thu 2026-07-02 10:00 BST (09:00 UTC)`."""
    local, utc = at.astimezone(zone), at.astimezone(UTC)
    said = f"{local:%a %Y-%m-%d %H:%M %Z}"
    if not local.utcoffset():
        return said
    return f"{said} ({utc:%H:%M} UTC)" if local.date() == utc.date() else f"{said} ({utc:%a %Y-%m-%d %H:%M} UTC)"


def _end_of_gap(wall: datetime, zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Bisect for the jump of the clocks: it lies after `before` and not after `after`, to the second."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if shown(middle, zone) < wall:
            before = middle
        else:
            after = middle
    return after
