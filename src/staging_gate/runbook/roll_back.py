"""Procedure 4: go back to a release that production has verified before. No hold, window or freeze is asked."""

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.engine import Run, procedure
from staging_gate.messages import deployments as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding, deploying, taking_back
from staging_gate.runbook.cancelling import cancel
from staging_gate.runbook.placing import Failure, bring_up_again, go_live, tried
from staging_gate.runbook.queue import ROLL_BACK, finish, needed, request


def roll_back(ports: Ports, to: str | None, reason: str, by: Actor) -> Deployment:
    """Order a rollback of production; without `to`, to the last verified release. Raises Closed.

    What production is deploying at the moment is cancelled first: it must not finish rolling out.
    """
    decision, target = deciding.on_rolling_back(ports, to, by)
    deciding.through(decision)
    assert target is not None  # an open gate has a target
    with ports.store.transaction() as tx:
        return order(tx, target, reason, by)


def order(tx: Transaction, target: Deployment, reason: str, by: Actor) -> Deployment:
    """Queue a rollback that was let through."""
    tx.deployments.lock(Environment.PRODUCTION)
    running = tx.deployments.occupying(Environment.PRODUCTION)
    if running is not None and not running.is_rollback:
        cancel(tx, running, by)
    live = tx.deployments.live(Environment.PRODUCTION)
    rollback = Deployment(
        id="",
        environment=Environment.PRODUCTION,
        kind=DeploymentKind.ROLLBACK,
        revision=target.revision,
        state=DeploymentState.QUEUED,
        why=words.rollback(target.release or target.revision.short, reason),
        requested_by=by.name,
        requested_at=tx.at,
        release=target.release,
        undoes=live.id if live else None,
        urgent=True,
    )
    return request(tx, rollback, by)


@procedure(ROLL_BACK, errored=taking_back.mark_errored)
def bring_back(run: Run, deployment_id: str) -> None:
    """Take the warm processes of the release, or start its kept build; switch; prove it."""
    if failure := bring_up_again(run, deployment_id):
        return taking_back.leave_as_it_was(run, deployment_id, failure)
    failure = go_live(run, deployment_id)
    if failure and failure.cancelled:
        return taking_back.leave_as_it_was(run, deployment_id, failure)
    tried(run, "let older processes go", deploying.retire, deployment_id)
    run.step("record the rollback", record, deployment_id, failure)


def record(ports: Ports, id: str, failure: Failure | None) -> None:
    """The bad release goes into quarantine and promotions are held. A rollback that fails is not rolled back itself:
    a person has to look."""
    with ports.store.transaction() as tx:
        done = needed(tx, id)
        if done.state.ended:
            return  # we were killed after this commit
        by = Actor(done.requested_by)
        undone = tx.deployments.get(done.previous) if done.previous else None  # what was live when this began
        if undone is not None and undone.release is not None and undone.release != done.release:
            taking_back.quarantine(tx, undone.release, undone.revision.tree, done.why, by)
        taking_back.hold_promotions(tx, done.environment, done.why, by)
        if failure is None:
            finish(tx, id, DeploymentState.SUCCEEDED)
            return
        why = words.rollback_failed(failure.why, moved=done.switched_at is not None)
        finish(tx, id, DeploymentState.FAILED, why, failure.evidence)
