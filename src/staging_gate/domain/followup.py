"""What somebody still has to do after a hotfix, a bypass or a rollback."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class FollowUpKind(StrEnum):
    DOCUMENT = "document"
    REVIEW = "review"
    ADD_TESTS = "add_tests"
    PROPER_FIX = "proper_fix"
    BACK_MERGE = "back_merge"
    NOTIFY = "notify"
    REPORT = "report"


@dataclass(frozen=True)
class FollowUp:
    """`about` is what it follows from: `v1.4.1`, `change 7`, `production-9`; there is one of a kind about each.

    Open until somebody says that it is done. `reminded_at` is when its owner was last reminded.
    """

    id: int
    kind: FollowUpKind
    about: str
    title: str
    owner: str
    opened_at: datetime
    due_at: datetime
    reminded_at: datetime | None = None
    done_at: datetime | None = None
    done_by: str | None = None
    note: str = ""

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    def overdue(self, at: datetime) -> bool:
        return self.is_open and self.due_at < at


def working_days_after(at: datetime, days: int, zone: str) -> datetime:
    """The same time of day so many working days later, as people in that zone count them: Saturdays and Sundays are
    none. Public holidays count."""
    local = at.astimezone(ZoneInfo(zone))
    while days > 0:
        local += timedelta(days=1)
        days -= local.weekday() < 5
    return local.astimezone(at.tzinfo)
