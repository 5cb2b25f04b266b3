"""Whom we told of what, whom we could not, and which pages nobody has acknowledged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from staging_gate.domain.notification import CHANNEL, Delivery, Notice, Notification
from staging_gate.messages import notifications as words
from staging_gate.messages import shown
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction

SHOWN_FOR = timedelta(days=2)
"""How long the board shows what was given up."""

UNSHOWN_FOR = timedelta(minutes=1)
"""After which the board says that the code host lags behind."""


@dataclass(frozen=True)
class ShownNotification:
    notification: Notification
    notice: Notice


@dataclass(frozen=True)
class OpenPage:
    """A page that waits for a person; `told` are those whom it has reached."""

    notice: Notice
    told: tuple[str, ...]
    said: str


def listed(ports: Ports, recipient: str | None = None, limit: int = 50) -> list[ShownNotification]:
    """Newest first."""
    with ports.store.reading() as tx:
        found = [one for one in tx.notifications.recent(limit) if recipient in (None, one.recipient)]
        notices = _notices(tx, found)
    return [ShownNotification(one, notices[one.notice]) for one in found]


def open_pages(tx: Transaction) -> tuple[OpenPage, ...]:
    """Oldest first."""
    return tuple(_page(notice, tx.notifications.of([notice.id])) for notice in tx.notices.unacknowledged())


def untold(tx: Transaction) -> tuple[str, ...]:
    """A sentence for each person and channel who could not be told of something that nobody has seen to."""
    found = tx.notifications.undelivered(tx.at - SHOWN_FOR)
    notices = _notices(tx, found)
    open_ones = [one for one in found if notices[one.notice].acknowledged_at is None]
    return tuple(words.late(one.recipient, notices[one.notice], one) for one in open_ones)


def unshown(tx: Transaction) -> tuple[str, ...]:
    """A sentence for each thing that the code host could not be told for a while."""
    since = tx.at - UNSHOWN_FOR
    return tuple(shown.late(one) for one in tx.tellings.failing() if one.failing_since and one.failing_since < since)


def _page(notice: Notice, sent: Sequence[Notification]) -> OpenPage:
    told = dict.fromkeys(one.recipient for one in sent if one.state is Delivery.SENT)
    people = tuple(name for name in told if not name.startswith(CHANNEL))
    return OpenPage(notice, people, words.waits_for_a_person(notice, people))


def _notices(tx: Transaction, of: Sequence[Notification]) -> Mapping[int, Notice]:
    found = (tx.notices.get(id) for id in {one.notice for one in of})
    return {notice.id: notice for notice in found if notice is not None}
