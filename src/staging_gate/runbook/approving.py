"""Ask for a yes, and say it to what staging runs. A yes to a change is `changes.approve`."""

from collections.abc import Sequence
from dataclasses import replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.notification import Event
from staging_gate.messages import approvals as words
from staging_gate.messages import notifications as notices
from staging_gate.ports import Ports
from staging_gate.runbook import changes, deciding, telling
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.migrations import migration_set
from staging_gate.runbook.policy import needed_policy

STAGING = "staging"


def ask(ports: Ports, number: int, people: Sequence[str], by: Actor) -> Change:
    """Ask people to look at a change. They are asked once: who was asked already is not asked again. Raises Closed,
    Unusable."""
    change = changes.get(ports, number)
    deciding.through(deciding.on_taking_part(ports, changes.subject_of(change), by))
    known = needed_policy(ports).people
    for name in people:
        if name not in known:
            raise Unusable(words.not_one_of_us(name, tuple(known)))
        if name in (change.author, change.last_pusher):
            raise Unusable(words.own_change(name, number))
    if not change.is_open:
        raise Unusable(f"Change {number} is {change.state}: nobody has to look at it any more.")
    with ports.store.transaction() as tx:
        now = tx.changes.get(number) or change
        new = [name for name in dict.fromkeys(people) if name not in now.reviewers]
        if not new:
            return now
        asked = replace(now, reviewers=(*now.reviewers, *new))
        tx.changes.update(asked, now)
        tx.audit(by, "asked to look at it", changes.subject_of(change), ", ".join(new))
        said = notices.approval_asked(asked, by.name)
        telling.tell(tx, Event.APPROVAL_ASKED, changes.subject_of(change), said, new, f"asked {', '.join(new)}")
    return asked


def approve_staging(ports: Ports, role: str, by: Actor, comment: str = "", looked_at: str | None = None) -> Approval:
    """Say yes to what staging runs and has proved. It counts for the release of exactly that code under the same rules,
    as a yes to its change would. Raises Closed, Unusable."""
    live = _proved(ports)
    if looked_at is not None and not live.revision.commit.startswith(looked_at):
        raise Unusable(f"Staging runs {live.revision.short} now, not {looked_at[:10]}: look at it again, then approve.")
    deciding.through(deciding.on_approving_staging(ports, role, by))
    policy = needed_policy(ports)
    migrations = migration_set(ports, policy, live.revision.commit)
    with ports.store.transaction() as tx:
        id = f"{STAGING}-{role}-{by.name}-{tx.at:%Y%m%d%H%M%S%f}"
        tree = live.revision.tree
        given = Approval(id, None, role, by.name, tx.at, tree, policy.hash, comment, migrations=migrations)
        tx.approvals.add(given)
        tx.audit(by, f"approved as {role}", live.id, comment, tree=tree)
    return given


def withdraw_from_staging(ports: Ports, by: Actor) -> int:
    """Take one's own approvals of what staging runs back; returns how many there were. Raises Unusable."""
    live = _proved(ports)
    with ports.store.transaction() as tx:
        given = tx.approvals.of_staging(live.revision.tree)
        mine = [one for one in given if one.by == by.name and one.withdrawn_at is None]
        for approval in mine:
            tx.approvals.withdraw(approval.id, tx.at)
            tx.audit(by, "approval withdrawn", live.id, role=approval.role)
    return len(mine)


def _proved(ports: Ports) -> Deployment:
    """What staging runs, proved there. Raises Unusable."""
    with ports.store.reading() as tx:
        live = tx.deployments.live(Environment.STAGING)
        proved = live is not None and tx.deployments.verification(Environment.STAGING, live.revision.tree) is not None
    if live is None or not proved:
        raise Unusable(words.staging_not_proved(live.id if live else None))
    return live
