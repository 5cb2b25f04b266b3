"""Incidents: opened by anybody, or by a rollback that fails; resolved with a reason. P0 and P1 stop releases."""

from dataclasses import replace

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.incident import Incident, Phase, Severity
from staging_gate.domain.notification import Event
from staging_gate.messages import incidents as words
from staging_gate.messages import notifications as notices
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding, telling
from staging_gate.runbook.changes import Unknown, Unusable


def open_incident(ports: Ports, severity: Severity, title: str, by: Actor, deployment: str | None = None) -> Incident:
    """Say that something is wrong. Raises Closed, Unknown, Unusable."""
    if not title.strip():
        raise Unusable("An incident needs a title: what is wrong, in a few words.")
    deciding.through(deciding.on_taking_part(ports, "an incident", by))
    with ports.store.transaction() as tx:
        if deployment is not None and tx.deployments.get(deployment) is None:
            raise Unknown(f"There is no deployment {deployment}. `gate status` shows the recent ones.")
        return _open(tx, severity, title.strip(), by, deployment)


def call_a_person(
    tx: Transaction, deployment: Deployment, title: str, details: str = "", severity: Severity = Severity.P0
) -> Incident:
    """Open an incident about a deployment that only a person can put right. In staging nobody is hurt by it."""
    worst = severity if deployment.environment is Environment.PRODUCTION else Severity.P2
    return _open(tx, worst, title, SYSTEM, deployment.id, details)


def resolve(ports: Ports, id: int, reason: str, by: Actor) -> Incident:
    """Say how it ended. Raises Closed, Unknown, Unusable."""
    if not reason.strip():
        raise Unusable('A reason is needed: --reason "...". It goes on the record.')
    found = get(ports, id)
    deciding.through(deciding.on_resolving(ports, found, by))
    if not found.is_open:
        raise Unusable(words.resolved_already(found))
    with ports.store.transaction() as tx:
        now = replace(found, phase=Phase.RESOLVED, resolved_by=by.name, resolved_at=tx.at, resolution=reason.strip())
        tx.incidents.update(now, found)
        tx.audit(by, "incident resolved", subject_of(now), now.resolution)
        telling.over(tx, subject_of(now), by)
    return now


def get(ports: Ports, id: int) -> Incident:
    """Raises Unknown."""
    with ports.store.reading() as tx:
        found = tx.incidents.get(id)
    if found is None:
        raise Unknown(f"There is no incident {id}. `gate incident list` shows the open ones.")
    return found


def subject_of(incident: Incident) -> str:
    return f"incident {incident.id}"


def _open(
    tx: Transaction, severity: Severity, title: str, by: Actor, deployment: str | None, details: str = ""
) -> Incident:
    id = tx.incidents.next_id()
    incident = Incident(id, severity, title, by.name, tx.at, deployment=deployment, details=details)
    tx.incidents.add(incident)
    tx.audit(by, "incident opened", subject_of(incident), title, severity=severity, deployment=deployment)
    event = Event.CRITICAL_INCIDENT if severity.is_critical else Event.INCIDENT_OPENED
    telling.tell(tx, event, subject_of(incident), notices.incident_opened(incident))
    return incident
