"""A word to everybody ahead of a major release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Announcement:
    """`planned_for` is the day, in the policy's time zone, from which the release may come."""

    tag: str
    planned_for: date
    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True)
class Notice:
    """What people were told: from which day, and since when they know that it is not before that day."""

    planned_for: date
    since: datetime


def notice(announcements: Sequence[Announcement]) -> Notice | None:
    """The last announcement is what holds. Putting a day off surprises nobody, so the notice already given counts;
    bringing it forward begins anew. `announcements` are those of one release, oldest first."""
    if not announcements:
        return None
    last = announcements[-1]
    since = next(each.at for each in announcements if each.planned_for <= last.planned_for)
    return Notice(last.planned_for, since)
