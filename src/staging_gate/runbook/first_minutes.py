"""Procedure 4, afterwards: what the services have logged in the first five minutes since a rollback."""

from dataclasses import replace
from functools import reduce

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.incident import Severity
from staging_gate.domain.log_patterns import Found, both, look_for_patterns
from staging_gate.messages import deployments as words
from staging_gate.messages.incidents import logs_after_rollback
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused
from staging_gate.runbook import deploying
from staging_gate.runbook.incidents import call_a_person
from staging_gate.runbook.policy import NoPolicy
from staging_gate.runbook.queue import locked

SERIOUS = frozenset({"database", "application"})
"""Categories that are never the users' own doing."""


def look_at_logs(ports: Ports) -> None:
    """Count the runbook's patterns in the logs of each rollback whose first minutes are over."""
    with ports.store.reading() as tx:
        due = tx.deployments.logs_due(tx.at)
    for rollback in due:
        _record(ports, rollback, _found(ports, rollback))


def _found(ports: Ports, rollback: Deployment) -> Found | None:
    """None where no service can tell what it has logged since, or nobody what the services are."""
    try:
        orders = deploying.orders(ports, rollback)
    except (NoPolicy, Refused):
        return None
    looks = [
        look_for_patterns(lines)
        for order in orders
        if (lines := deploying.target_of(ports, order).said_since_live(order)) is not None
    ]
    return reduce(both, looks) if looks else None


def _record(ports: Ports, rollback: Deployment, found: Found | None) -> None:
    """Who else: another process of ours that looked at the same tick."""
    with ports.store.transaction() as tx:
        now = locked(tx, rollback.id)
        if now.logs_due_at is None:
            return
        said = words.logs_found(found)
        looked = replace(now, logs_due_at=None, logs_found=said)
        tx.deployments.update(looked, now.state)
        tx.audit(SYSTEM, "looked at the first minutes of the logs", now.id, said)
        live = tx.deployments.live(now.environment)
        if found is not None and found.counts and live is not None and live.id == now.id:
            severity = Severity.P1 if found.categories & SERIOUS else Severity.P2
            call_a_person(tx, looked, logs_after_rollback(looked), said, severity)
