"""Delivering what people are to be told: at least once, again until it is taken or given up, every outcome recorded."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.notification import CHANNEL, Delivery, Notice, Notification, Notify
from staging_gate.domain.policy import Policy
from staging_gate.messages import notifications as words
from staging_gate.ports import Ports
from staging_gate.ports.errors import OutsideError, Unclear
from staging_gate.ports.store import Stale, Transaction
from staging_gate.runbook import deciding, telling
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.policy import needed_policy, policy_in_force

log = logging.getLogger(__name__)

CLAIMED = timedelta(minutes=2)
"""How long whoever sends it has it alone; longer than any try may take."""

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=4)

REPEAT_EVERY, REPEATS = timedelta(minutes=5), 6
"""How often, and how many times, a page is told again that nobody acknowledges."""


@dataclass(frozen=True)
class Reach:
    """Whether a person or a `#channel` can be reached: `problem` is empty where nothing is wrong."""

    name: str
    address: str
    problem: str


def look_up_recipients(ports: Ports) -> None:
    """Of what was told since the last tick. The policy of now says whom it goes to."""
    with ports.store.reading() as tx:
        new = tx.notices.unaddressed()
    policy = policy_in_force(ports) if new else None
    for notice in new:
        _unless_stale(ports, partial(_address, notice=notice, recipients=telling.recipients(policy, notice)))


def tell_again(ports: Ports) -> None:
    """The pages that nobody has acknowledged."""
    with ports.store.reading() as tx:
        due = [one for one in tx.notices.unacknowledged() if one.repeat_at is not None and one.repeat_at <= tx.at]
    for notice in due:
        _unless_stale(ports, partial(_repeat, notice=notice))


def send_what_is_due(ports: Ports) -> None:
    """One after the other, pages first. Where one can not be sent, the others to the same wait for the next tick."""
    with ports.store.reading() as tx:
        due = tx.notifications.due(tx.at)
    policy = policy_in_force(ports) if due else None
    notify = policy.notify if policy else Notify()
    stuck: set[str] = set()
    for one in due:
        if one.recipient not in stuck and not _deliver(ports, notify, one):
            stuck.add(one.recipient)


def get(ports: Ports, id: int) -> Notice:
    """Raises Unknown."""
    with ports.store.reading() as tx:
        found = tx.notices.get(id)
    if found is None:
        raise Unknown(f"There is no notice {id}. `gate notifications list` shows them.")
    return found


def acknowledge(ports: Ports, id: int, by: Actor) -> Notice:
    """Say that one sees to it: nobody is told of it again. Raises Closed, Unknown, Unusable."""
    found = get(ports, id)
    deciding.through(deciding.on_taking_part(ports, found.subject, by))
    if not found.page:
        raise Unusable(words.no_page(found))
    if found.acknowledged_at is not None:
        raise Unusable(words.acknowledged_already(found))
    with ports.store.transaction() as tx:
        tx.audit(by, "page acknowledged", found.subject, found.title, notice=id)
        return telling.acknowledge(tx, found, by)


def try_out(ports: Ports, name: str, by: Actor) -> Reach:
    """Send a message that says nothing, at once. Raises Closed; Unusable with what went wrong."""
    deciding.through(deciding.on_taking_part(ports, "a trial of notifications", by))
    notify = needed_policy(ports).notify
    recipient = name if name in notify.people or name.startswith(CHANNEL) else CHANNEL + name
    address = notify.address(recipient)
    if address is None:
        raise Unusable(words.nowhere(name, (*notify.people, *(CHANNEL + channel for channel in notify.channels))))
    try:
        ports.notifier.send(address, words.trial(by.name))
    except OutsideError as error:
        raise Unusable(words.not_delivered(recipient, error.message)) from error
    with ports.store.transaction() as tx:
        tx.audit(by, "notification tried", recipient)
    return Reach(recipient, address, "")


def reach(ports: Ports, policy: Policy) -> tuple[Reach, ...]:
    """Everybody who may be paged, and all that `notify` names. Nothing is sent."""
    notify = policy.notify
    paged = (name for role in telling.PAGED_ROLES for name in policy.roles.get(role, ()))
    names = dict.fromkeys((*paged, *notify.people, *(CHANNEL + channel for channel in notify.channels)))
    return tuple(_reach(ports, notify, name) for name in names)


def _reach(ports: Ports, notify: Notify, name: str) -> Reach:
    address = notify.address(name)
    if address is None:
        return Reach(name, "", words.no_address(name))
    return Reach(name, address, ports.notifier.why_not(address) or "")


def _unless_stale(ports: Ports, do: Callable[[Transaction], None]) -> None:
    """Who else: another process that does the same at the same tick, or somebody who acknowledges it."""
    try:
        with ports.store.transaction() as tx:
            do(tx)
    except Stale:
        log.debug("somebody else was first")


def _address(tx: Transaction, notice: Notice, recipients: tuple[str, ...]) -> None:
    repeat_at = tx.at + REPEAT_EVERY if notice.page and notice.acknowledged_at is None else None
    tx.notices.update(replace(notice, addressed_at=tx.at, repeat_at=repeat_at), notice)
    _queue(tx, notice, recipients)
    if notice.page and not recipients:
        tx.audit(SYSTEM, "nobody to page", notice.subject, words.nobody_to_page(notice))


def _repeat(tx: Transaction, notice: Notice) -> None:
    if notice.repeats == REPEATS:
        tx.notices.update(replace(notice, repeats=REPEATS + 1, repeat_at=None), notice)
        tx.audit(SYSTEM, "page given up", notice.subject, words.not_acknowledged(notice))
        log.warning("%s", words.not_acknowledged(notice))
        return
    again = replace(notice, repeats=notice.repeats + 1, repeat_at=tx.at + REPEAT_EVERY)
    tx.notices.update(again, notice)
    known = tx.notifications.of([notice.id])
    waiting = {one.recipient for one in known if one.state is Delivery.PENDING}
    people = dict.fromkeys(one.recipient for one in known if not one.recipient.startswith(CHANNEL))
    _queue(tx, notice, tuple(name for name in people if name not in waiting), again.repeats)


def _queue(tx: Transaction, notice: Notice, recipients: tuple[str, ...], repeat: int = 0) -> None:
    for name in recipients:
        page = notice.page and not name.startswith(CHANNEL)
        tx.notifications.add(Notification(notice.id, name, tx.at, tx.at, repeat, page))


def _deliver(ports: Ports, notify: Notify, one: Notification) -> bool:
    """Whether it was sent, by us or by somebody else."""
    address = notify.address(one.recipient)
    claimed = _claim(ports, one, address or "")
    if claimed is None:
        return True
    problem, unclear = _try(ports, address, claimed, before=one)
    _record(ports, replace(claimed, problem=problem or one.problem, unclear=one.unclear or unclear), claimed, problem)
    return not problem


def _claim(ports: Ports, one: Notification, address: str) -> Notification | None:
    """Ours alone for a while. If we die now it is sent again, and says that it may have come before."""
    try:
        with ports.store.transaction() as tx:
            due_at = tx.at + CLAIMED
            claimed = replace(one, attempts=one.attempts + 1, due_at=due_at, address=address, unclear=True)
            tx.notifications.update(claimed, one)
            return claimed
    except Stale:
        return None


def _try(ports: Ports, address: str | None, one: Notification, before: Notification) -> tuple[str, bool]:
    """What went wrong, and whether it may have arrived nevertheless."""
    if address is None:
        return words.no_address(one.recipient), False
    message = words.as_sent(get(ports, one.notice), before, ports.address, ports.clock.now())
    try:
        ports.notifier.send(address, message)
    except OutsideError as error:
        return error.message, isinstance(error, Unclear)
    return "", False


def _record(ports: Ports, tried: Notification, claimed: Notification, problem: str) -> None:
    def record(tx: Transaction) -> None:
        notice = tx.notices.get(tried.notice)
        assert notice is not None
        now = _after(tried, problem, tx.at)
        tx.notifications.update(now, claimed)
        if now.state is Delivery.FAILED:
            tx.audit(SYSTEM, "notification given up", notice.subject, words.given_up(now.recipient, now), of=notice.id)
            log.warning("%s", words.given_up(now.recipient, now))
        elif now.state is Delivery.SENT and now.page:
            tx.audit(SYSTEM, "paged", notice.subject, notice.title, to=now.recipient, notice=notice.id)

    _unless_stale(ports, record)


def _after(tried: Notification, problem: str, at: datetime) -> Notification:
    if not problem:
        return replace(tried, state=Delivery.SENT, sent_at=at)
    if at - tried.created_at >= GIVE_UP_AFTER:
        return replace(tried, state=Delivery.FAILED)
    wait = min(FIRST_RETRY * 2 ** min(tried.attempts - 1, 10), LONGEST_RETRY)
    return replace(tried, due_at=at + wait)
