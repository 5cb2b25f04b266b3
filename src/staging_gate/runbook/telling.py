"""Whom we tell of what. Written with what it is about, in one commit; looked up and sent right afterwards."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.notification import CHANNEL, Delivery, Event, Message, Notice
from staging_gate.domain.policy import Policy
from staging_gate.ports.store import Stale, Transaction


@dataclass(frozen=True)
class Told:
    """Who is told besides the people whom a notice names. A page goes on until somebody acknowledges it."""

    channels: bool = False
    roles: tuple[str, ...] = ()
    page: bool = False


TOLD: Mapping[Event, Told] = {
    Event.HOTFIX_OPENED: Told(channels=True, page=True),
    Event.CRITICAL_INCIDENT: Told(channels=True, roles=("devops", "tech_lead"), page=True),
    Event.INCIDENT_OPENED: Told(channels=True),
    Event.RELEASE_PROPOSED: Told(channels=True),
    Event.RELEASE_WAITS: Told(channels=True),
    Event.RELEASE_PUBLISHED: Told(channels=True),
    Event.RELEASE_VERIFIED: Told(channels=True),
    Event.RELEASE_FAILED: Told(channels=True),
    Event.ROLLBACK_STARTED: Told(channels=True),
    Event.ROLLBACK_ENDED: Told(channels=True),
    Event.BYPASS_GIVEN: Told(channels=True),
    Event.APPROVAL_ASKED: Told(),
    Event.FOLLOW_UP_DUE: Told(),
    Event.CHECK_FAILED: Told(),
    Event.MERGE_GIVEN_UP: Told(),
    Event.ROLLBACK_REFUSED: Told(channels=True),
    Event.SIGHT_LOST: Told(channels=True, roles=("on_call", "devops"), page=True),
    Event.SEEN_AGAIN: Told(channels=True, roles=("on_call", "devops")),
}

PAGED_ROLES = ("tech_lead", "on_call", "devops")
"""Who is paged of something sooner or later."""


def tell(
    tx: Transaction, event: Event, subject: str, message: Message, people: Sequence[str] = (), step: str = ""
) -> None:
    """Have people told. `step` is what distinguishes it from the same event about the same subject; each is told once,
    also where it is done again after a kill."""
    named = tuple(dict.fromkeys(people))
    notice = Notice(
        event, subject, step or event, message.title, message.body, tx.at, people=named, page=TOLD[event].page
    )
    with suppress(Stale):
        tx.notices.add(notice)


def recipients(policy: Policy | None, notice: Notice) -> tuple[str, ...]:
    """People, then channels. A page goes also to those of whom nobody knows how they are reached: it is to be seen."""
    if policy is None:
        return notice.people if notice.page else ()
    told, notify = TOLD[notice.event], policy.notify
    people = (*notice.people, *(name for role in told.roles for name in policy.roles.get(role, ())))
    named = dict.fromkeys(name for name in people if notice.page or name in notify.people)
    usual = (notice.event,) if told.channels else ()
    channels = (name for name in notify.channels if notice.event in notify.events.get(name, usual))
    return (*named, *(CHANNEL + name for name in channels))


def over(tx: Transaction, subject: str, by: Actor) -> None:
    """Somebody acts, which is on the record: whoever was paged about it need not be told again."""
    for notice in tx.notices.about(subject):
        if notice.page and notice.acknowledged_at is None:
            acknowledge(tx, notice, by)


def acknowledge(tx: Transaction, notice: Notice, by: Actor) -> Notice:
    """Raises Stale where somebody else did at this moment."""
    seen = replace(notice, acknowledged_at=tx.at, acknowledged_by=by.name, repeat_at=None)
    tx.notices.update(seen, notice)
    for one in tx.notifications.of([notice.id]):
        if one.repeat and one.state is Delivery.PENDING:
            tx.notifications.update(replace(one, state=Delivery.DROPPED, problem=f"{by.name} sees to it"), one)
    return seen
