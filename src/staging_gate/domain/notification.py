"""What people are to be told, each delivery of it to one of them, and where they are reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

CHANNEL = "#"
"""What the name of a channel begins with where people and channels are meant alike."""


class Event(StrEnum):
    """What is told. Who learns of it: `runbook/telling.py`."""

    HOTFIX_OPENED = "hotfix_opened"
    CRITICAL_INCIDENT = "critical_incident"
    INCIDENT_OPENED = "incident_opened"
    RELEASE_PROPOSED = "release_proposed"
    RELEASE_WAITS = "release_waits"
    RELEASE_PUBLISHED = "release_published"
    RELEASE_VERIFIED = "release_verified"
    RELEASE_FAILED = "release_failed"
    ROLLBACK_STARTED = "rollback_started"
    ROLLBACK_ENDED = "rollback_ended"
    BYPASS_GIVEN = "bypass_given"
    APPROVAL_ASKED = "approval_asked"
    FOLLOW_UP_DUE = "follow_up_due"
    CHECK_FAILED = "check_failed"
    MERGE_GIVEN_UP = "merge_given_up"
    ROLLBACK_REFUSED = "rollback_refused"
    SIGHT_LOST = "sight_lost"
    SEEN_AGAIN = "seen_again"


class Delivery(StrEnum):
    """`failed` is given up; `dropped` was not needed any more."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Message:
    """As it goes out. `urgent` where somebody has to act at once."""

    title: str
    body: str
    urgent: bool = False


@dataclass(frozen=True)
class Notice:
    """What people are to be told; there is one of each `step` about a subject. `people` are those whom it names.

    A page is told again until somebody acknowledges it; it was told `repeats` times more, and is again at `repeat_at`.
    Until `addressed_at` nobody has looked up whom it goes to. `id` is given by the store.
    """

    event: Event
    subject: str
    step: str
    title: str
    body: str
    at: datetime
    people: tuple[str, ...] = ()
    page: bool = False
    id: int = 0
    addressed_at: datetime | None = None
    repeats: int = 0
    repeat_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether it is a page that nobody has acknowledged."""
        return self.page and self.addressed_at is not None and self.acknowledged_at is None


@dataclass(frozen=True)
class Notification:
    """A notice on its way to one `recipient`: a person, or `#channel`. `repeat` counts the times it was told before.

    It is tried again at `due_at` until it is sent or given up. `address` is the reference that was used last, never
    what it leads to. `unclear`: a try may have arrived although we do not know it. `id` is given by the store.
    """

    notice: int
    recipient: str
    created_at: datetime
    due_at: datetime
    repeat: int = 0
    page: bool = False
    id: int = 0
    state: Delivery = Delivery.PENDING
    attempts: int = 0
    address: str = ""
    sent_at: datetime | None = None
    problem: str = ""
    unclear: bool = False


@dataclass(frozen=True)
class Notify:
    """Where people and channels are reached: names to references (`env:NAME`, `file:/path`), which hold secrets.

    `events` says what a channel is told; one that it does not name is told what channels usually are.
    """

    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)

    def address(self, recipient: str) -> str | None:
        if recipient.startswith(CHANNEL):
            return self.channels.get(recipient.removeprefix(CHANNEL))
        return self.people.get(recipient)
