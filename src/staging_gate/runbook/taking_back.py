"""When it does not go well: before the traffic moved nothing changes; after it, the previous deployment comes back."""

from dataclasses import replace

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.going_back import Course, course_by_itself
from staging_gate.domain.notification import Event
from staging_gate.domain.release import ReleaseState
from staging_gate.domain.way_back import WayBack
from staging_gate.engine import Run
from staging_gate.messages import deployments as words
from staging_gate.messages import going_back as about
from staging_gate.messages import notifications as notices
from staging_gate.messages.incidents import broke_after_the_switch, route_not_closed
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deploying, telling, ways_back
from staging_gate.runbook.after_rollback import open_list
from staging_gate.runbook.holds import hold_promotions, keep_held, quarantine
from staging_gate.runbook.incidents import call_a_person
from staging_gate.runbook.placing import BROKEN, Failure, bring_databases_back, prove_what_is_back, tried
from staging_gate.runbook.policy import needed_policy
from staging_gate.runbook.queue import finish, locked, needed, rollback_of


def leave_as_it_was(run: Run, id: str, failure: Failure) -> None:
    """End a deployment whose traffic never moved: stop its candidates, record why.

    What production runs may not work on the database that this one has migrated: then that is brought back, or a
    person is called. After migrations that failed nothing is touched: somebody has to look at them.
    """
    tried(run, "stop the candidates", deploying.discard, id)
    if failure.migrated and _is_release(deploying.deployment(run.ports, id)):
        _suit_what_runs(run, id)
    run.step("record why it did not go live", end, id, failure)


def take_back(run: Run, id: str, failure: Failure) -> None:
    """The traffic moved and the proof failed: put back what was live before, services in reverse order."""
    if failure.cancelled:
        return leave_as_it_was(run, id, failure)
    begun = run.step("record the failed verdict", begin_rollback, id, failure)
    if not begun["services"]:
        return
    problems = _put_back(run, id, begun)
    unproved = None if problems else prove_what_is_back(run, id)
    run.step("record what is back", end_rollback, id, failure, problems, unproved)
    if not problems and unproved is None:  # else it may still receive traffic, and a second try goes on from here
        tried(run, "stop the candidates", deploying.discard, id)


def end(ports: Ports, id: str, failure: Failure) -> None:
    with ports.store.transaction() as tx:
        by = needed(tx, id).cancel_requested_by
        why = words.cancelled(by) if failure.cancelled and by else failure.why
        ended = finish(tx, id, failure.state, why, failure.evidence)
        if failure.state is DeploymentState.FAILED:
            _release_failed(tx, ended)


Begun = dict[str, list[str]]
"""What follows from a failed verdict: the `services` to put back, in the order of the policy, none where a person was
called instead; those whose databases go back before, `downgrade`, and the `rollback` that does that, if one does."""


def begin_rollback(ports: Ports, id: str, failure: Failure) -> Begun:
    """One commit: the deployment is rolled back, its rollback (a deployment of its own) is under way, and the release
    is in quarantine if it is at fault. Or it stays live behind a hold, where going back is not possible or would throw
    away what nobody agreed to.

    With nothing to go back to it keeps its environment until the route is closed.
    """
    planned = deploying.plan(ports, id)
    course, way = _course(ports, id)
    with ports.store.transaction() as tx:
        broken = locked(tx, id)
        if broken.failure:
            return _begun(tx, broken, planned)  # we were killed after this commit
        judged = replace(broken, failure=failure.why, evidence=failure.evidence)
        if failure.state is DeploymentState.FAILED:
            _release_failed(tx, judged)
        if broken.previous is None:
            tx.deployments.update(judged, broken.state)
            tx.audit(SYSTEM, "deployment did not pass", id, failure.why)
            return _begun(tx, judged, planned)
        previous = needed(tx, broken.previous)
        if course is Course.STAY:
            return _begun(tx, _keep_it_live(tx, judged, previous, way, failure), planned)
        judged = replace(judged, state=DeploymentState.ROLLED_BACK, ended_at=tx.at)
        tx.deployments.update(judged, broken.state)
        tx.audit(SYSTEM, f"deployment {judged.state}", id, failure.why)
        _add_rollback(tx, judged, previous, course, way)
        return _begun(tx, judged, planned)


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


def _is_release(deployment: Deployment) -> bool:
    return deployment.environment is Environment.PRODUCTION and not deployment.is_rollback


def _suit_what_runs(run: Run, id: str) -> None:
    stands = run.step("look whether what runs suits the database", see_to_database, id)
    if not stands["downgrade"]:
        return
    try:
        bring_databases_back(run, id, stands["downgrade"], to=stands["runs"][0])
    except BROKEN as error:
        run.step("call a person", call_about_database, id, str(error))


def see_to_database(ports: Ports, id: str) -> dict[str, list[str]]:
    """`runs` is what production runs, `downgrade` are the services whose databases have to go back for that. Where they
    may not or can not, a person is called."""
    course, _ = _course(ports, id)
    failed = deploying.deployment(ports, id)
    if failed.previous is None or course is Course.SWITCH:
        return {"runs": [], "downgrade": []}
    if course is Course.DOWNGRADE:
        return {"runs": [failed.previous], "downgrade": deploying.plan(ports, id)["with_schema"]}
    call_about_database(ports, id, "")
    return {"runs": [], "downgrade": []}


def call_about_database(ports: Ports, id: str, problem: str) -> None:
    """What runs does not work on its database any more; `problem` is why that could not be brought back."""
    _, way = _course(ports, id)
    with ports.store.transaction() as tx:
        failed = locked(tx, id)
        runs = needed(tx, failed.previous or id)
        title = about.does_not_suit(runs, failed)
        known = {incident.title for incident in tx.incidents.open()}
        if title not in known:  # else we were killed after this commit
            keep_held(tx, failed.environment, title)
            call_a_person(tx, failed, title, about.unsuitable(runs, failed, way, problem))


def _put_back(run: Run, id: str, begun: Begun) -> list[str]:
    """What went wrong. The traffic stays where it is if a database can not go back first."""
    if begun["downgrade"]:
        try:
            bring_databases_back(run, begun["rollback"][0], begun["downgrade"])
        except BROKEN as error:
            return [str(error)]
    problems = [
        tried(run, f"put the previous {service} back", deploying.put_back, id, service)
        for service in reversed(begun["services"])
    ]
    return [problem for problem in problems if problem]


def _course(ports: Ports, id: str) -> tuple[Course, WayBack | None]:
    """Nobody is hurt by what staging does with its database, so the traffic goes back there."""
    broken = deploying.deployment(ports, id)
    if broken.previous is None or broken.environment is not Environment.PRODUCTION:
        return Course.SWITCH, None
    policy = needed_policy(ports)
    with ports.store.reading() as tx:
        way = ways_back.between(ports, tx, policy, broken.revision, needed(tx, broken.previous).revision)
    return course_by_itself(way, policy.production.rollback.downgrade), way


def _begun(tx: Transaction, broken: Deployment, planned: deploying.Plan) -> Begun:
    rollback = rollback_of(tx, broken)
    stays = broken.previous is not None and rollback is None
    return {
        "services": [] if stays else planned["services"],
        "rollback": [rollback.id] if rollback else [],
        "downgrade": planned["with_schema"] if rollback and rollback.downgrades else [],
    }


def _keep_it_live(
    tx: Transaction, judged: Deployment, previous: Deployment, way: WayBack | None, failure: Failure
) -> Deployment:
    keep_held(tx, judged.environment, about.can_not_go_back(judged, previous))
    call_a_person(tx, judged, about.can_not_go_back(judged, previous), about.options(judged, previous, way))
    said = words.sentences(failure.why, about.stays_live(judged, previous, way))
    return finish(tx, judged.id, failure.state, said, failure.evidence)


def _add_rollback(
    tx: Transaction, broken: Deployment, previous: Deployment, course: Course, way: WayBack | None
) -> None:
    in_production = broken.environment is Environment.PRODUCTION
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
        downgrades=course is Course.DOWNGRADE,
        database_said=about.about_database(course, way, None) if in_production else "",
    )
    tx.deployments.add(rollback)
    tx.audit(SYSTEM, "rollback started", rollback.id, rollback.why, undoes=broken.id)
    if rollback.database_said:
        tx.audit(SYSTEM, "way of the database", rollback.id, rollback.database_said, course=course)
    if rollback.environment is Environment.PRODUCTION:
        telling.tell(tx, Event.ROLLBACK_STARTED, rollback.id, notices.rollback_started(rollback))
