"""One deployment per environment at a time. Production keeps the order, staging skips what is outdated.

Everything here is called inside a transaction: the state, the record and the run that follows are one commit.
"""

from dataclasses import replace

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.log_patterns import FIRST_MINUTES
from staging_gate.domain.notification import Event
from staging_gate.messages import deployments as words
from staging_gate.messages import notifications as notices
from staging_gate.messages.incidents import rollback_failed, rollback_tried
from staging_gate.ports.store import Transaction
from staging_gate.runbook import pairing, telling
from staging_gate.runbook.incidents import call_a_person

MERGE_CHANGE = "merge a change"
DEPLOY_STAGING = "deploy to staging"
RELEASE_PRODUCTION = "release to production"
ROLL_BACK = "roll back"


def procedure_for(deployment: Deployment) -> str:
    if deployment.is_rollback:
        return ROLL_BACK
    return DEPLOY_STAGING if deployment.environment is Environment.STAGING else RELEASE_PRODUCTION


def request(tx: Transaction, deployment: Deployment, by: Actor) -> Deployment:
    """Queue a deployment and start what can start. Its id is given here. A newer one for staging supersedes, but a
    hotfix's proof and what staging's own branch brings do not touch each other."""
    tx.deployments.lock(deployment.environment)
    queued = replace(deployment, id=tx.deployments.next_id(deployment.environment), state=DeploymentState.QUEUED)
    if queued.environment is Environment.STAGING and not queued.is_rollback:
        for older in tx.deployments.queued(queued.environment):
            if older.kind is queued.kind and (older.change == queued.change or not queued.is_proof):
                _supersede(tx, older, queued.id)
    tx.deployments.add(queued)
    tx.audit(by, "deployment requested", queued.id, queued.why, commit=queued.revision.commit)
    dispatch(tx, queued.environment)
    return queued


def dispatch(tx: Transaction, environment: Environment) -> None:
    """Start the next queued deployment if nobody occupies the environment. Its row must be locked."""
    if tx.deployments.occupying(environment) is not None:
        return
    queued = tx.deployments.queued(environment)
    if not queued or any(run.subject == queued[0].id for run in tx.runs.unfinished()):
        return  # a run that was killed as it put it back ends first
    live = tx.deployments.live(environment)
    first = replace(
        queued[0], state=DeploymentState.RUNNING, started_at=tx.at, previous=live.id if live is not None else None
    )
    tx.deployments.update(first, DeploymentState.QUEUED)
    tx.audit(SYSTEM, "deployment started", first.id)
    tx.start(procedure_for(first), first.id, key=f"run-{first.id}-{tx.at:%Y%m%d%H%M%S%f}")


def wait_on(tx: Transaction, id: str, why: str) -> None:
    """Back into the queue, in its old place: the gate opens by itself. A tick starts it then."""
    found = locked(tx, id)
    if found.state is not DeploymentState.RUNNING:
        return  # we were killed after this commit
    if found.cancel_requested_by is not None:
        finish(tx, id, DeploymentState.ABORTED, words.cancelled(found.cancel_requested_by))
        return
    waiting = replace(found, state=DeploymentState.QUEUED, started_at=None, previous=None)
    tx.deployments.update(waiting, found.state)
    tx.audit(SYSTEM, "deployment waits", id, why)
    if tx.deployments.queued(found.environment)[0].id != id:
        dispatch(tx, found.environment)  # something urgent came at this moment


def finish(
    tx: Transaction, id: str, state: DeploymentState, reason: str = "", evidence: str = "", by: Actor = SYSTEM
) -> Deployment:
    """End a deployment, and start the next one. Ended already (we were killed after the commit): the same again.

    A rollback is not rolled back itself: one that fails is tried once more, then a person is called. A release that
    production has back is looked at again after its first minutes.
    """
    found = locked(tx, id)
    if found.state.ended:
        return found
    ended = replace(found, state=state, ended_at=tx.at, failure=reason, evidence=evidence)
    if found.is_rollback and found.environment is Environment.PRODUCTION and state is DeploymentState.SUCCEEDED:
        ended = replace(ended, logs_due_at=tx.at + FIRST_MINUTES)
    tx.deployments.update(ended, found.state)
    tx.audit(by, f"deployment {state}", id, reason)
    _tell(tx, ended)
    if found.is_rollback and state in (DeploymentState.FAILED, DeploymentState.ERRORED):
        _try_otherwise(tx, ended)
    dispatch(tx, found.environment)
    if state is DeploymentState.SUCCEEDED:
        pairing.want(tx)
    return ended


def needed(tx: Transaction, id: str) -> Deployment:
    found = tx.deployments.get(id)
    if found is None:
        raise LookupError(f"There is no deployment {id}.")
    return found


def locked(tx: Transaction, id: str) -> Deployment:
    """A deployment as it is while nobody else can change it: its environment's row is ours until the commit."""
    tx.deployments.lock(needed(tx, id).environment)
    return needed(tx, id)


def rollback_of(tx: Transaction, broken: Deployment) -> Deployment | None:
    """The rollback that takes this deployment back by itself."""
    undoing = tx.deployments.undoing(broken.id)
    return next((one for one in undoing if one.requested_by == SYSTEM.name and one.retries is None), None)


def _try_otherwise(tx: Transaction, failed: Deployment) -> None:
    """The second try trusts nothing that is warm: it starts the kept build anew, and proves it before the switch."""
    first = tx.deployments.get(failed.retries) if failed.retries else None
    if first is not None:
        call_a_person(tx, failed, rollback_failed(failed), rollback_tried(first, failed))
        return
    second = Deployment(
        id="",
        environment=failed.environment,
        kind=DeploymentKind.ROLLBACK,
        revision=failed.revision,
        state=DeploymentState.QUEUED,
        why=words.second_try(failed),
        requested_by=failed.requested_by,
        requested_at=tx.at,
        release=failed.release,
        undoes=failed.undoes,
        urgent=True,
        retries=failed.id,
        downgrades=failed.downgrades,
        database_said=failed.database_said,
    )
    request(tx, second, SYSTEM)


def _tell(tx: Transaction, ended: Deployment) -> None:
    """How a rollback of production ended; and a deployment to it that our machine broke."""
    if ended.environment is not Environment.PRODUCTION:
        return
    broke = ended.state in (DeploymentState.FAILED, DeploymentState.ERRORED)
    if ended.is_rollback and (broke or ended.state is DeploymentState.SUCCEEDED):
        telling.tell(tx, Event.ROLLBACK_ENDED, ended.id, notices.rollback_ended(ended))
    elif ended.state is DeploymentState.ERRORED:
        telling.tell(tx, Event.RELEASE_FAILED, ended.id, notices.deployment_broke(ended), [ended.requested_by])


def _supersede(tx: Transaction, older: Deployment, newer: str) -> None:
    why = words.superseded_by(newer)
    tx.deployments.update(
        replace(older, state=DeploymentState.SUPERSEDED, ended_at=tx.at, failure=why), DeploymentState.QUEUED
    )
    tx.audit(SYSTEM, "deployment superseded", older.id, why)
