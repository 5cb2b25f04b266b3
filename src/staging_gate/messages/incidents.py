"""Incidents as people read them."""

from staging_gate.domain.deployment import Deployment
from staging_gate.domain.incident import Incident
from staging_gate.messages import deployments

EVIDENCE_LIMIT = 4_000
"""Characters of evidence of each attempt that an incident repeats."""


def line(incident: Incident) -> str:
    head = f"{incident.severity.upper()} incident {incident.id}"
    return f"{head}: {incident.title} (opened by {incident.opened_by})"


def rollback_failed(rollback: Deployment) -> str:
    return f"{rollback.id}, the rollback to {deployments.name(rollback)}, did not succeed: a person has to act now"


def rollback_tried(first: Deployment, second: Deployment) -> str:
    """What was tried to get back, and what was seen."""
    return "\n\n".join(
        part
        for one in (first, second)
        for part in (
            deployments.sentences(f"{one.id}, {one.why}: {one.failure}", *filter(None, [one.database_said])),
            one.evidence[-EVIDENCE_LIMIT:],
        )
        if part
    )


def logs_after_rollback(rollback: Deployment) -> str:
    return f"After {rollback.id}, the rollback to {deployments.name(rollback)}, the logs still show errors"


def route_not_closed(failed: Deployment) -> str:
    return f"{failed.id} failed and still receives the traffic: a person has to act now"


def broke_after_the_switch(broken: Deployment) -> str:
    name = deployments.name(broken)
    return f"{broken.id} broke after its traffic had moved, so {name} is live and not proved: a person has to look now"


def resolved_already(incident: Incident) -> str:
    return f"Incident {incident.id} is resolved already, by {incident.resolved_by}: {incident.resolution}"
