"""When it does not go well: before the traffic moved nothing changes; after it, the previous deployment comes back."""

import secrets
from dataclasses import replace

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Hold, Quarantine, ReleaseState
from staging_gate.engine import Run
from staging_gate.messages import deployments as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deploying
from staging_gate.runbook.placing import Failure, tried
from staging_gate.runbook.queue import dispatch, finish, needed


def leave_as_it_was(run: Run, id: str, failure: Failure) -> None:
    """End a deployment whose traffic never moved: stop its candidates, record why."""
    tried(run, "stop the candidates", deploying.discard, id)
    run.step("record why it did not go live", end, id, failure)


def take_back(run: Run, id: str, failure: Failure) -> None:
    """The traffic moved and the proof failed: put back what was live before, services in reverse order."""
    services = run.step("record the failed verdict", begin_rollback, id, failure)
    problems = [
        tried(run, f"put the previous {service} back", deploying.put_back, id, service)
        for service in reversed(services)
    ]
    run.step("record what is back", end_rollback, id, [problem for problem in problems if problem])
    tried(run, "stop the candidates", deploying.discard, id)


def end(ports: Ports, id: str, failure: Failure) -> None:
    with ports.store.transaction() as tx:
        ended = finish(tx, id, failure.state, failure.why, failure.evidence)
        if failure.state is DeploymentState.FAILED:
            _release_failed(tx, ended)


def begin_rollback(ports: Ports, id: str, failure: Failure) -> list[str]:
    """One commit: the deployment is rolled back, its rollback (a deployment of its own) is under way, and the release
    is in quarantine. Returns the services to put back."""
    services = deploying.plan(ports, id)["services"]
    with ports.store.transaction() as tx:
        broken = needed(tx, id)
        if broken.state.ended:
            return services  # we were killed after this commit
        tx.deployments.lock(broken.environment)
        state = DeploymentState.ROLLED_BACK if broken.previous else DeploymentState.FAILED
        broken_now = replace(broken, state=state, ended_at=tx.at, failure=failure.why, evidence=failure.evidence)
        tx.deployments.update(broken_now, broken.state)
        tx.audit(SYSTEM, f"deployment {state}", id, failure.why)
        _release_failed(tx, broken_now)
        if broken.previous:
            _add_rollback(tx, broken_now, needed(tx, broken.previous))
    return services


def end_rollback(ports: Ports, id: str, problems: list[str]) -> str:
    """Record what receives the traffic now, and stop promotions until a person has looked."""
    with ports.store.transaction() as tx:
        broken = needed(tx, id)
        rollback = _rollback_of(tx, broken)
        if rollback is None:
            tx.deployments.lock(broken.environment)
            tx.deployments.set_live(broken.environment, None)
            tx.audit(SYSTEM, "route closed", id, words.nothing_to_put_back())
            dispatch(tx, broken.environment)
            return words.nothing_to_put_back()
        if rollback.state.ended:
            return ""
        if problems:
            said = words.put_back_failed(words.name(rollback), " ".join(problems))
            finish(tx, rollback.id, DeploymentState.FAILED, said)
            return said
        tx.deployments.set_live(broken.environment, rollback.id)
        finish(tx, rollback.id, DeploymentState.SUCCEEDED)
        return words.put_back(words.name(rollback))


def mark_errored(ports: Ports, id: str, message: str) -> None:
    """Our own machine broke in the middle of a deployment. Nothing stays `running` for ever; a person looks."""
    with ports.store.transaction() as tx:
        for one in (needed(tx, id), _rollback_of(tx, needed(tx, id))):
            if one is not None and not one.state.ended:
                finish(tx, one.id, DeploymentState.ERRORED, message)


def hold_promotions(tx: Transaction, environment: Environment, why: str, by: str = SYSTEM.name) -> None:
    """Nothing is promoted to the environment until a person lifts it; rollbacks are never held."""
    if any(hold.environment == environment and hold.reason == why for hold in tx.holds.in_force()):
        return
    hold = Hold(f"hold-{secrets.token_hex(3)}", environment, why, by, tx.at)
    tx.holds.add(hold)
    tx.audit(SYSTEM, "hold", environment, why, hold=hold.id)


def quarantine(tx: Transaction, tag: str, tree: str, why: str, by: str = SYSTEM.name) -> None:
    if any(q.tag == tag for q in tx.releases.quarantines()):
        return
    tx.releases.add_quarantine(Quarantine(tag, tree, why, by, tx.at))
    tx.audit(SYSTEM, "quarantined", tag, why, tree=tree)


def _release_failed(tx: Transaction, broken: Deployment) -> None:
    """A release that failed in production never goes there again, and promotions wait for a person."""
    if broken.environment is not Environment.PRODUCTION or broken.release is None or broken.is_rollback:
        return
    release = tx.releases.get(broken.release)
    if release is not None and release.state is ReleaseState.PUBLISHED:
        tx.releases.update(replace(release, state=ReleaseState.FAILED), release)
    quarantine(tx, broken.release, broken.revision.tree, words.failed_in_production(broken))
    if broken.switched_at is not None:
        hold_promotions(tx, broken.environment, f"{broken.release} {words.failed_in_production(broken)}")


def _add_rollback(tx: Transaction, broken: Deployment, previous: Deployment) -> None:
    rollback = Deployment(
        id=tx.deployments.next_id(broken.environment),
        environment=broken.environment,
        kind=DeploymentKind.ROLLBACK,
        revision=previous.revision,
        state=DeploymentState.RUNNING,
        why=words.automatic_rollback(broken),
        requested_by=SYSTEM.name,
        requested_at=tx.at,
        started_at=tx.at,
        release=previous.release,
        previous=broken.id,
        undoes=broken.id,
    )
    tx.deployments.add(rollback)
    tx.audit(SYSTEM, "rollback started", rollback.id, rollback.why, undoes=broken.id)


def _rollback_of(tx: Transaction, broken: Deployment) -> Deployment | None:
    recent = tx.deployments.recent(broken.environment, 20)
    return next((one for one in recent if one.undoes == broken.id and one.requested_by == SYSTEM.name), None)
