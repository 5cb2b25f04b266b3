"""A provider that stops answering while it deploys to production: for as long as it is away, nobody can tell what
production runs. The deployment waits for it; people are not left to find out by themselves."""

from datetime import timedelta

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.audit import AuditEntry
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.notification import Event
from staging_gate.messages import notifications as notices
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused, Unavailable, Unclear
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deploying, telling
from staging_gate.runbook.policy import NoPolicy

LOST, SEEN_AGAIN = "what it runs can not be seen", "what it runs is seen again"

LONG = timedelta(minutes=1)
"""A shorter deployment ends before anybody could do something about it."""
CALL_AFTER = timedelta(minutes=5)


def look_whether_targets_answer(ports: Ports) -> None:
    """While a deployment to production lasts, and until it is seen how that ended."""
    with ports.store.reading() as tx:
        recent = tx.deployments.recent(Environment.PRODUCTION, 3)
        lost = {one.id: lost_sight(tx, one) for one in recent}
        waited_for = [one for one in recent if lost[one.id] or (one.state.occupies and _lasts(tx, one))]
    for one in waited_for:
        _note(ports, one.id, _silence(ports, one) if one.state.occupies else None)


def lost_sight(tx: Transaction, deployment: Deployment) -> AuditEntry | None:
    """Since when, and why; None where its target answers, by the last look."""
    known = [entry for entry in tx.audit_log.about(deployment.id) if entry.action in (LOST, SEEN_AGAIN)]
    return known[-1] if known and known[-1].action == LOST else None


def _lasts(tx: Transaction, deployment: Deployment) -> bool:
    return deployment.started_at is not None and tx.at - deployment.started_at >= LONG


def _silence(ports: Ports, deployment: Deployment) -> str | None:
    """Why a target does not say what it runs; None where all do."""
    try:
        for order in deploying.orders(ports, deployment):
            deploying.target_of(ports, order).live(order.environment, order.service, order.target)
    except (Unavailable, Unclear) as error:
        return error.message
    except (NoPolicy, Refused):
        return None  # it answers
    return None


def _note(ports: Ports, id: str, silence: str | None) -> None:
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.PRODUCTION)
        deployment = tx.deployments.get(id)
        assert deployment is not None
        lost = lost_sight(tx, deployment)
        if silence is None:
            if lost is not None:
                _see_again(tx, deployment, lost)
        elif lost is None:
            tx.audit(SYSTEM, LOST, id, silence)
        elif tx.at - lost.at >= CALL_AFTER:
            telling.tell(tx, Event.SIGHT_LOST, id, notices.sight_lost(deployment, lost), step=f"since {lost.seq}")


def _see_again(tx: Transaction, deployment: Deployment, lost: AuditEntry) -> None:
    tx.audit(SYSTEM, SEEN_AGAIN, deployment.id)
    if any(notice.step == f"since {lost.seq}" for notice in tx.notices.about(deployment.id)):
        telling.over(tx, deployment.id, SYSTEM)
        telling.tell(tx, Event.SEEN_AGAIN, deployment.id, notices.seen_again(deployment), step=f"again {lost.seq}")
