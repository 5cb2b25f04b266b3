"""Procedure 4: go back to a release that production has verified before. No hold, window or freeze is asked."""

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Facts
from staging_gate.domain.going_back import NO_WISH, Course, Wish, course_for_a_person
from staging_gate.domain.notification import Event
from staging_gate.engine import Run, procedure
from staging_gate.messages import deployments as words
from staging_gate.messages import going_back as about
from staging_gate.messages import notifications as notices
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding, deploying, taking_back, telling
from staging_gate.runbook.after_rollback import open_list
from staging_gate.runbook.cancelling import cancel
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.holds import hold_promotions, keep_held, quarantine
from staging_gate.runbook.incidents import call_a_person
from staging_gate.runbook.placing import (
    Failure,
    bring_back_before_provider,
    bring_up_again,
    go_back_through_provider,
    go_live,
    tried,
)
from staging_gate.runbook.queue import ROLL_BACK, finish, needed, request


def roll_back(
    ports: Ports,
    to: str | None,
    reason: str,
    by: Actor,
    back: int | None = None,
    through_provider: bool = False,
    wish: Wish = NO_WISH,
) -> Deployment:
    """Order a rollback of production: to a tag, so many releases `back`, else to the last verified release.

    `through_provider` asks each target to bring its own earlier deployment back (option B), instead of proving a
    candidate first (option A). What production is deploying at the moment is cancelled: it must not finish rolling
    out. The database follows what is proved of the way back; `wish` is what a person says about it. Where that way is
    known not to exist, promotions are held and a person is called. Raises Closed, Unusable.
    """
    if to is not None and back is not None:
        raise Unusable("Name a release or say how many releases back, not both.")
    if wish.switch_only and wish.accept_data_loss:
        raise Unusable(about.BOTH_WISHES)
    decision, known = deciding.on_rolling_back(ports, to, by, back, wish)
    if decision.codes == ("way_back_irreversible",):
        _call_for_help(ports, known, by)
    deciding.through(decision)
    with ports.store.transaction() as tx:
        return order(tx, known, reason, by, through_provider)


def order(tx: Transaction, known: Facts, reason: str, by: Actor, through_provider: bool = False) -> Deployment:
    """Queue a rollback that was let through. Raises Unusable where another to the same code is under way."""
    target, course = known.rollback_to, course_for_a_person(known.way_back, known.intent_wish)
    assert target is not None  # an open gate has a target
    tx.deployments.lock(Environment.PRODUCTION)
    running = tx.deployments.occupying(Environment.PRODUCTION)
    _refuse_a_second(tx, target, running)
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
        through_provider=through_provider,
        downgrades=course is Course.DOWNGRADE,
        database_said=about.about_database(course, known.way_back, by.name),
    )
    ordered = request(tx, rollback, by)
    if ordered.database_said:
        tx.audit(by, "way of the database", ordered.id, ordered.database_said, course=course)
    telling.tell(tx, Event.ROLLBACK_STARTED, ordered.id, notices.rollback_started(ordered))
    return ordered


def _call_for_help(ports: Ports, known: Facts, by: Actor) -> None:
    """Whoever asks for a rollback has a bad release live, and this one can not be taken back."""
    live, back = known.live, known.rollback_to
    assert live is not None and back is not None  # else there is no way that could be proved
    title = about.can_not_go_back(live, back)
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.PRODUCTION)
        keep_held(tx, Environment.PRODUCTION, title, by)
        if not any(incident.title == title for incident in tx.incidents.open()):
            call_a_person(tx, live, title, about.options(live, back, known.way_back))


def _refuse_a_second(tx: Transaction, target: Deployment, running: Deployment | None) -> None:
    """Two people see the same fire: the second one learns that the first has called."""
    under_way = ([running] if running else []) + tx.deployments.queued(Environment.PRODUCTION)
    first = next((one for one in under_way if one.is_rollback and one.revision == target.revision), None)
    if first is not None:
        raise Unusable(
            f"{first.requested_by} is rolling back to {words.name(first)} already: "
            f"`gate deployment follow {first.id}` shows it."
        )


@procedure(ROLL_BACK, errored=taking_back.mark_errored)
def bring_back(run: Run, deployment_id: str) -> None:
    """Take the warm processes of the release, or start its kept build; switch; prove it. Or leave that to the provider.
    A database that has to go back goes first.

    A rollback that does not succeed is tried once more with nothing warm; a second one that does not calls a person.
    """
    ordered = deploying.deployment(run.ports, deployment_id)
    if ordered.through_provider:
        if ordered.downgrades and (failure := bring_back_before_provider(run, deployment_id)):
            return taking_back.leave_as_it_was(run, deployment_id, failure)
        failure = go_back_through_provider(run, deployment_id)
    else:
        if failure := bring_up_again(run, deployment_id):
            return taking_back.leave_as_it_was(run, deployment_id, failure)
        failure = go_live(run, deployment_id)
    if failure and failure.cancelled:
        return taking_back.leave_as_it_was(run, deployment_id, failure)
    tried(run, "let older processes go", deploying.retire, deployment_id)
    run.step("record the rollback", record, deployment_id, failure)


def record(ports: Ports, id: str, failure: Failure | None) -> None:
    """The bad release goes into quarantine and promotions are held. A rollback that fails is not rolled back itself."""
    with ports.store.transaction() as tx:
        done = needed(tx, id)
        if done.state.ended:
            return  # we were killed after this commit
        if done.environment is Environment.PRODUCTION:
            _hold_the_line(tx, done)
        if failure is None:
            open_list(tx, finish(tx, id, DeploymentState.SUCCEEDED))
            return
        why = words.rollback_failed(failure.why, moved=done.switched_at is not None, again=done.retries is None)
        finish(tx, id, DeploymentState.FAILED, why, failure.evidence)


def _hold_the_line(tx: Transaction, done: Deployment) -> None:
    """What was live when it all began is not promoted again. A second try does what the first one did not get to; of
    what took itself back it was judged then whether it is at fault."""
    first = tx.deployments.get(done.retries) if done.retries else None
    began = first or done
    undone = tx.deployments.get(began.previous) if began.previous else None
    bad = undone.release if undone is not None and undone.release != done.release else None
    if first is not None and (undone is None or undone.state is DeploymentState.ROLLED_BACK or _is_known(tx, bad)):
        return
    by = Actor(done.requested_by)
    if undone is not None and bad is not None:
        quarantine(tx, bad, undone.revision.tree, done.why, by)
    hold_promotions(tx, done.environment, began.why, by)


def _is_known(tx: Transaction, bad: str | None) -> bool:
    return bad is None or any(quarantine.tag == bad for quarantine in tx.releases.quarantines())
