"""Run the required checks on the tree that a merge would have. A result belongs to that tree."""

from dataclasses import dataclass

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.change import Change
from staging_gate.domain.check import Check, Verdict
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate.rules import checks_passed, migrations_proved
from staging_gate.domain.notification import Event
from staging_gate.domain.policy import Policy, Provable, Requirement
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Service
from staging_gate.domain.timeline import RunState
from staging_gate.engine import Run, procedure
from staging_gate.messages import notifications as notices
from staging_gate.ports import Ports
from staging_gate.ports.checks import Outcome
from staging_gate.ports.errors import OutsideError, Refused, Stopped
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding, judging, telling, urgency
from staging_gate.runbook.policy import needed_policy, services_of

CHECK_CHANGE = "check a change"
SUPERSEDED = Outcome(Verdict.SKIPPED, "superseded by a newer push", 0.0)


@dataclass(frozen=True)
class Subject:
    """What a run of this procedure is about: `12 4b825dc...`, a change's number and the tree."""

    change: int
    tree: str

    @classmethod
    def parse(cls, text: str) -> "Subject":
        number, tree = text.split()
        return cls(int(number), tree)

    def __str__(self) -> str:
        return f"{self.change} {self.tree}"


def want(tx: Transaction, policy: Policy | None, change: Change) -> None:
    """Have the required checks run that have no result yet for the change's tree, or were stopped before they had one.

    What errored is left to people: they see what broke.
    """
    tree = change.mergeable_tree()
    if policy is None or tree is None or not change.is_open:
        return
    known = {check.name for check in tx.checks.of_tree(tree) if check.verdict is not Verdict.SKIPPED}
    lacking = [name for name in required(policy, change) if name not in known]
    if lacking:
        _start(tx, change, tree, lacking)


def required(policy: Policy, change: Change) -> tuple[str, ...]:
    """What must run on the change: its lane's checks, and on the way to production what proves the migrations."""
    lane = policy.lane_of_branch(change.target)
    if lane is None:
        return ()
    proved = Requirement.MIGRATIONS_PROVED in lane.requires and migrations_proved.CHECK in policy.checks
    names = (*checks_passed.required(policy, change), *([migrations_proved.CHECK] if proved else []))
    return tuple(dict.fromkeys(names))


def recheck(ports: Ports, change: Change, by: Actor) -> list[str]:
    """Run again every required check that has not passed, or did by an exemption that is over; returns their names.

    Raises Closed.
    """
    deciding.through(deciding.on_taking_part(ports, f"change {change.number}", by))
    policy, tree = needed_policy(ports), change.mergeable_tree()
    if tree is None:
        return []
    with ports.store.transaction() as tx:
        known = {check.name: check for check in tx.checks.of_tree(tree)}
        done = [name for name, check in known.items() if check.verdict is Verdict.PASSED]
        if judging.lapsed(tx, policy, tree):
            done = [name for name in done if name != migrations_proved.CHECK]
        lacking = [name for name in required(policy, change) if name not in done]
        if lacking:
            tx.audit(by, "checks asked for again", f"change {change.number}", ", ".join(lacking))
            _start(tx, change, tree, lacking)
    return lacking


def mark_errored(ports: Ports, subject: str, message: str) -> None:
    """Our own machine broke: nothing stays pending for ever."""
    for name in pending_checks(ports, subject):
        _record(ports, Subject.parse(subject), name, Outcome(Verdict.ERRORED, message, 0.0), None)


@procedure(CHECK_CHANGE, errored=mark_errored)
def check_change(run: Run, subject: str) -> None:
    """Build the tree once, then run each check that is pending on it."""
    pending: list[str] = run.step("see what is to be checked", pending_checks, subject)
    if not pending:
        return
    if not run.step("build what the checks run in", prepare, subject, pending):
        return
    for name in pending:
        run.step(f"check {name}", check, subject, name)


def pending_checks(ports: Ports, subject: str) -> list[str]:
    about = Subject.parse(subject)
    with ports.store.reading() as tx:
        found = {check.name: check for check in tx.checks.of_tree(about.tree)}
    return [name for name in needed_policy(ports).checks if name in found and found[name].verdict is Verdict.PENDING]


def prepare(ports: Ports, subject: str, names: list[str]) -> bool:
    """Build; a build that fails fails every check, for the same reason."""
    about = Subject.parse(subject)
    log = f"checks/{about.tree}/build"
    try:
        revision, services = _code(ports, about)
        ports.checks.prepare(revision, services, log, lambda: superseded(ports, about))
    except Stopped:
        return _none_of(ports, about, names, SUPERSEDED, log)
    except OutsideError as error:
        verdict = Verdict.FAILED if isinstance(error, Refused) else Verdict.ERRORED
        return _none_of(ports, about, names, Outcome(verdict, f"the build: {error.message}", 0.0), log)
    return True


def check(ports: Ports, subject: str, name: str) -> str:
    about = Subject.parse(subject)
    command = needed_policy(ports).checks[name]
    log = f"checks/{about.tree}/{name}"
    try:
        revision, services = _code(ports, about)
        stop = lambda: superseded(ports, about)  # noqa: E731
        if command.proves is Provable.MIGRATIONS:
            proved = ports.checks.prove_migrations(revision, _production(ports), services, command, log, stop)
            outcome = judging.by_policy(ports, command, proved, log)
        else:
            outcome = ports.checks.run(revision, services, command, log, stop)
    except Stopped:
        outcome = SUPERSEDED
    except OutsideError as error:
        outcome = Outcome(Verdict.ERRORED, error.message, 0.0)
    _record(ports, about, name, outcome, log)
    return f"{outcome.verdict}: {outcome.summary}"


def superseded(ports: Ports, about: Subject) -> bool:
    """Whether nobody waits for this tree any more: the change moved on or was closed, and no other has the same."""
    with ports.store.reading() as tx:
        return _waiting(tx, about) is None


def _start(tx: Transaction, change: Change, tree: str, names: list[str]) -> None:
    subject = str(Subject(change.number, tree))
    for name in names:
        tx.checks.put(Check(tree, name, Verdict.PENDING, tx.at, "waiting", None, change.number))
    runs = tx.runs.about(subject)
    if any(run.state is RunState.WAITING for run in runs):
        return  # one that is running may have looked already
    tx.start(CHECK_CHANGE, subject, key=f"check-{change.number}-{tree}-{len(runs) + 1}")


def _production(ports: Ports) -> Revision | None:
    with ports.store.reading() as tx:
        live = tx.deployments.live(Environment.PRODUCTION)
    return live.revision if live else None


def _code(ports: Ports, about: Subject) -> tuple[Revision, tuple[Service, ...]]:
    """The test merge (or the hotfix) that has this tree, and its services. Raises Stopped where the change moved on."""
    with ports.store.reading() as tx:
        change = _waiting(tx, about)
    merged = change.to_be_proved() if change else None
    if merged is None:
        raise Stopped("The change has moved on.")
    return merged, services_of(ports, needed_policy(ports), merged.commit, Environment.STAGING)


def _waiting(tx: Transaction, about: Subject) -> Change | None:
    """An open change that would put this tree on its branch: the one that the run is about, or another with the same
    code, which did not start a run of its own because this one was under way."""
    own = tx.changes.get(about.change)
    for change in ([own] if own else []) + tx.changes.open():
        if change.is_open and change.mergeable_tree() == about.tree:
            return change
    return None


def _none_of(ports: Ports, about: Subject, names: list[str], outcome: Outcome, log: str | None) -> bool:
    """The same for all of them; no check has run."""
    for name in names:
        _record(ports, about, name, outcome, log)
    return False


def _record(ports: Ports, about: Subject, name: str, outcome: Outcome, log: str | None) -> None:
    with ports.store.transaction() as tx:
        if not _is_pending(tx, about, name):
            return  # we were killed after this commit, or another run of the same check was first
        waiting = _waiting(tx, about) if outcome is SUPERSEDED else None
        if waiting is not None:
            return _start(tx, waiting, about.tree, [name])  # it came while we stopped
        result = Check(
            about.tree, name, outcome.verdict, tx.at, outcome.summary, log, about.change, round(outcome.seconds, 3)
        )
        tx.checks.put(result)
        for report in outcome.reports:
            tx.migration_reports.put(about.tree, report, tx.at)
        given = judging.exemptions(outcome.reports)
        tx.audit(SYSTEM, f"check {outcome.verdict}", f"change {about.change}", f"{name}: {outcome.summary}", **given)
        urgency.ask_for_proof(tx, tx.changes.get(about.change))
        _tell_author(tx, about, result)


def _tell_author(tx: Transaction, about: Subject, result: Check) -> None:
    change = tx.changes.get(about.change)
    if change is not None and result.verdict in (Verdict.FAILED, Verdict.ERRORED):
        step = f"{result.name} of {about.tree}"
        news = notices.check_failed(change, result)
        telling.tell(tx, Event.CHECK_FAILED, f"change {change.number}", news, [change.author], step)


def _is_pending(tx: Transaction, about: Subject, name: str) -> bool:
    return any(check.name == name and check.verdict is Verdict.PENDING for check in tx.checks.of_tree(about.tree))
