"""Stopping a deployment before its traffic moves. Afterwards a rollback is the way."""

from dataclasses import replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.messages import deployments as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding
from staging_gate.runbook.queue import finish, needed


class TooLate(Exception):
    """The deployment ended, or its traffic moved already."""


def cancel_deployment(ports: Ports, id: str, by: Actor) -> Deployment:
    """Ask a deployment to stop at its next step, or take it out of the queue. Raises Closed, TooLate, LookupError."""
    with ports.store.reading() as tx:
        asked = needed(tx, id)
    deciding.through(deciding.on_cancelling(ports, asked, by))
    with ports.store.transaction() as tx:
        found = needed(tx, id)
        tx.deployments.lock(found.environment)
        found = needed(tx, id)
        if found.state not in (DeploymentState.QUEUED, DeploymentState.RUNNING):
            raise TooLate(
                f"{id} is {found.state}: it can not be cancelled any more. To take a release back: `gate rollback`."
            )
        return cancel(tx, found, by)


def cancel(tx: Transaction, found: Deployment, by: Actor) -> Deployment:
    if found.state is DeploymentState.QUEUED:
        return finish(tx, found.id, DeploymentState.ABORTED, words.cancelled(by.name), by=by)
    asked = replace(found, cancel_requested_by=by.name)
    tx.deployments.update(asked, found.state)
    tx.audit(by, "cancel requested", found.id)
    return asked
