"""What somebody still has to do after a hotfix, a bypass or a rollback: opened, reminded of, done."""

import logging
from datetime import datetime, timedelta

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.change import Change
from staging_gate.domain.followup import FollowUp, FollowUpKind, working_days_after
from staging_gate.domain.notification import Event
from staging_gate.domain.policy import Policy
from staging_gate.messages import followups as words
from staging_gate.messages import notifications as notices
from staging_gate.ports import Ports
from staging_gate.ports.store import Stale, Transaction
from staging_gate.runbook import deciding, telling
from staging_gate.runbook.changes import Unknown, Unusable

log = logging.getLogger(__name__)

REMIND_EVERY = timedelta(days=2)
"""How often an owner is reminded, from the due time on."""


def open_follow_up(
    tx: Transaction, kind: FollowUpKind, about: str, title: str, owner: str, due_at: datetime
) -> FollowUp:
    """Open it, unless there is one of its kind about the same: then that is returned."""
    known = next((one for one in tx.followups.about(about) if one.kind is kind), None)
    if known is not None:
        return known
    opened = FollowUp(tx.followups.next_id(), kind, about, title, owner, tx.at, due_at)
    tx.followups.add(opened)
    tx.audit(SYSTEM, "follow-up opened", about, title, id=opened.id, owner=owner, due_at=due_at.isoformat())
    return opened


def open_after_hotfix(tx: Transaction, policy: Policy, change: Change, tag: str) -> None:
    """The runbook's post-hotfix list: its author owns it, a tech lead the question why it was needed."""
    lead = next((name for name in policy.roles.get("tech_lead", ()) if name != change.author), change.author)
    for kind, days in policy.hotfix.follow_ups().items():
        owner = lead if kind is FollowUpKind.REVIEW else change.author
        due_at = working_days_after(tx.at, days, policy.time_zone)
        open_follow_up(tx, kind, tag, words.after_hotfix(kind, tag, change.title), owner, due_at)


def finish(ports: Ports, id: int, note: str, by: Actor) -> FollowUp:
    """Say that it is done. Raises Closed, Unknown, Unusable."""
    found = get(ports, id)
    deciding.through(deciding.on_taking_part(ports, f"follow-up {id}", by))
    if not found.is_open:
        raise Unusable(words.done_already(found))
    with ports.store.transaction() as tx:
        tx.followups.finish(id, by.name, note.strip(), tx.at)
        tx.audit(by, "follow-up done", found.about, note.strip() or found.title, id=id)
    return get(ports, id)


def get(ports: Ports, id: int) -> FollowUp:
    """Raises Unknown."""
    with ports.store.reading() as tx:
        found = tx.followups.get(id)
    if found is None:
        raise Unknown(f"There is no follow-up {id}. `gate followups` lists the open ones.")
    return found


def remind(ports: Ports) -> None:
    """Remind the owners of what is due: once when it is, then every second day, on the record and on the board."""
    now = ports.clock.now()
    with ports.store.reading() as tx:
        due = [one for one in tx.followups.open() if _is_due(one, now)]
    for one in due:
        _remind(ports, one)


def _is_due(one: FollowUp, now: datetime) -> bool:
    return one.due_at <= now and (one.reminded_at is None or one.reminded_at + REMIND_EVERY <= now)


def _remind(ports: Ports, one: FollowUp) -> None:
    """Who else: another process that reminds at the same tick, or the owner, who has just done it."""
    try:
        with ports.store.transaction() as tx:
            tx.followups.remind(one.id, one.reminded_at, tx.at)
            said = words.reminder(one, tx.at)
            tx.audit(SYSTEM, "reminded", one.about, said, id=one.id, owner=one.owner)
            news, step = notices.follow_up_due(one, tx.at), f"follow-up {one.id} {tx.at}"
            telling.tell(tx, Event.FOLLOW_UP_DUE, one.about, news, [one.owner], step)
    except Stale:
        return
    log.warning("%s", said)
