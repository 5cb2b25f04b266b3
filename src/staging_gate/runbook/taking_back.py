"""When it does not go well: before the traffic moved nothing changes; after it, the previous deployment comes back."""

import secrets
from dataclasses import replace

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.notification import Event
from staging_gate.domain.release import Hold, Quarantine, ReleaseState
from staging_gate.engine import Run
from staging_gate.messages import deployments as words
from staging_gate.messages import notifications as notices
from staging_gate.messages.incidents import broke_after_the_switch, route_not_closed
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deploying, telling
from staging_gate.runbook.after_rollback import open_list
from staging_gate.runbook.incidents import call_a_person
from staging_gate.runbook.placing import Failure, prove_what_is_back, tried
from staging_gate.runbook.queue import finish, locked, needed, rollback_of


def leave_as_it_was(run: Run, id: str, failure: Failure) -> None:
    """End a deployment whose traffic never moved: stop its candidates, record why."""
    tried(run, "stop the candidates", deploying.discard, id)
    run.step("record why it did not go live", end, id, failure)


def take_back(run: Run, id: str, failure: Failure) -> None:
    """The traffic moved and the proof failed: put back what was live before, services in reverse order."""
    if failure.cancelled:
        return leave_as_it_was(run, id, failure)
    services = run.step("record the failed verdict", begin_rollback, id, failure)
    problems = [
        tried(run, f"put the previous {service} back", deploying.put_back, id, service)
        for service in reversed(services)
    ]
    unproved = None if any(problems) else prove_what_is_back(run, id)
    run.step("record what is back", end_rollback, id, failure, [problem for problem in problems if problem], unproved)
    if not any(problems) and unproved is None:  # else it may still receive traffic, and a second try goes on from here
        tried(run, "stop the candidates", deploying.discard, id)


def end(ports: Ports, id: str, failure: Failure) -> None:
    with ports.store.transaction() as tx:
        by = needed(tx, id).cancel_requested_by
        why = words.cancelled(by) if failure.cancelled and by else failure.why
        ended = finish(tx, id, failure.state, why, failure.evidence)
        if failure.state is DeploymentState.FAILED:
            _release_failed(tx, ended)


def begin_rollback(ports: Ports, id: str, failure: Failure) -> list[str]:
    """One commit: the deployment is rolled back, its rollback (a deployment of its own) is under way, and the release
    is in quarantine if it is at fault. Returns the services to put back.

    With nothing to go back to it keeps its environment until the route is closed.
    """
    services = deploying.plan(ports, id)["services"]
    with ports.store.transaction() as tx:
        broken = locked(tx, id)
        if broken.failure:
            return services  # we were killed after this commit
        judged = replace(broken, failure=failure.why, evidence=failure.evidence)
        if failure.state is DeploymentState.FAILED:
            _release_failed(tx, judged)
        if broken.previous is None:
            tx.deployments.update(judged, broken.state)
            tx.audit(SYSTEM, "deployment did not pass", id, failure.why)
            return services
        judged = replace(judged, state=DeploymentState.ROLLED_BACK, ended_at=tx.at)
        tx.deployments.update(judged, broken.state)
        tx.audit(SYSTEM, f"deployment {judged.state}", id, failure.why)
        _add_rollback(tx, judged, needed(tx, broken.previous))
    return services


def end_rollback(ports: Ports, id: str, failure: Failure, problems: list[str], unproved: Failure | None = None) -> str:
    """Record what receives the traffic now, and whether it is well."""
    with ports.store.transaction() as tx:
        broken = locked(tx, id)
        rollback = rollback_of(tx, broken)
        if rollback is None:
            return _end_without_previous(tx, broken, failure, problems)
        if rollback.state.ended:
            return ""  # we were killed after this commit
        if problems:
            said = words.put_back_failed(words.name(rollback), " ".join(problems))
            finish(tx, rollback.id, DeploymentState.FAILED, said)
            return said
        tx.deployments.set_live(broken.environment, rollback.id)
        if unproved is not None:
            said = words.rollback_failed(unproved.why, moved=True, again=True)
            finish(tx, rollback.id, unproved.state, said, unproved.evidence)
            return said
        open_list(tx, finish(tx, rollback.id, DeploymentState.SUCCEEDED))
        return words.put_back(words.name(rollback))


def mark_errored(ports: Ports, id: str, message: str) -> None:
    """Our own machine broke in the middle of a deployment, and what goes back by itself is broken too. Nothing stays
    `running` for ever; where the traffic has moved, a person is called."""
    with ports.store.transaction() as tx:
        for one in (needed(tx, id), rollback_of(tx, needed(tx, id))):
            if one is not None and not one.state.ended:
                if one.state is DeploymentState.VERIFYING and not one.is_rollback:
                    call_a_person(tx, one, broke_after_the_switch(one))
                finish(tx, one.id, DeploymentState.ERRORED, message)


def hold_promotions(tx: Transaction, environment: Environment, why: str, by: Actor = SYSTEM) -> None:
    """Nothing is promoted to the environment until a person lifts it; rollbacks are never held."""
    if any(hold.environment == environment and hold.reason == why for hold in tx.holds.in_force()):
        return
    hold = Hold(f"hold-{secrets.token_hex(3)}", environment, why, by.name, tx.at)
    tx.holds.add(hold)
    tx.audit(by, "hold", environment, why, hold=hold.id)


def quarantine(tx: Transaction, tag: str, tree: str, why: str, by: Actor = SYSTEM) -> None:
    if any(q.tag == tag for q in tx.releases.quarantines()):
        return
    tx.releases.add_quarantine(Quarantine(tag, tree, why, by.name, tx.at))
    tx.audit(by, "quarantined", tag, why, tree=tree)


def _end_without_previous(tx: Transaction, broken: Deployment, failure: Failure, problems: list[str]) -> str:
    said = words.route_not_closed(" ".join(problems)) if problems else words.nothing_to_put_back()
    if broken.state.ended:
        return said  # we were killed after this commit
    if problems:
        call_a_person(tx, broken, route_not_closed(broken))
    else:
        tx.deployments.set_live(broken.environment, None)
        tx.audit(SYSTEM, "route closed", broken.id, said)
    finish(tx, broken.id, failure.state, words.sentences(failure.why, said), failure.evidence)
    return said


def _release_failed(tx: Transaction, broken: Deployment) -> None:
    """A release that failed in production never goes there again, and promotions wait for a person."""
    if broken.environment is not Environment.PRODUCTION or broken.release is None or broken.is_rollback:
        return
    release = tx.releases.get(broken.release)
    if release is None or release.state is ReleaseState.VERIFIED:
        return  # it was proved there before: what went wrong now is not its code
    tx.releases.update(replace(release, state=ReleaseState.FAILED, ended_at=tx.at), release)
    quarantine(tx, broken.release, broken.revision.tree, words.failed_in_production(broken))
    people = [name for name in (release.published_by, release.created_by) if name]
    telling.tell(tx, Event.RELEASE_FAILED, release.tag, notices.release_failed(broken), people)
    if broken.state is DeploymentState.VERIFYING:
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
    if rollback.environment is Environment.PRODUCTION:
        telling.tell(tx, Event.ROLLBACK_STARTED, rollback.id, notices.rollback_started(rollback))
