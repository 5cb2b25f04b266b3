"""Runs at the code host that wait for our word before they deploy. A webhook only hints at them: what they are about to
deploy is read from the code host, and decided like everything else."""

from dataclasses import dataclass, replace
from datetime import timedelta

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Decision
from staging_gate.domain.report import Told
from staging_gate.domain.revision import Revision
from staging_gate.domain.version import parse_tag
from staging_gate.messages import answers as words
from staging_gate.ports import Ports
from staging_gate.ports.errors import OutsideError, Refused
from staging_gate.ports.inbox import Inbox
from staging_gate.ports.reports import Answer, Asked, Reports, Waiting
from staging_gate.ports.store import Stale
from staging_gate.runbook import deciding
from staging_gate.runbook.policy import policy_in_force
from staging_gate.runbook.showing import CLAIMED, failed, fingerprint

PROVIDERS = ("github",)
AGAIN = timedelta(minutes=1)
"""How often one that waits for its time is looked at."""

MOST_REPORTS = 10
"""How often one that waits is told why: code hosts take no more."""


@dataclass(frozen=True)
class Said:
    answer: Answer
    comment: str
    print: str


def heard(ports: Ports, inbox: Inbox) -> None:
    """Note what is waited for, before the delivery is settled. One that comes again changes nothing."""
    reports = ports.reports
    if reports is None:
        return
    for delivery in inbox.waiting(PROVIDERS):
        if asked := reports.asked(delivery.body):
            note(ports, asked)


def note(ports: Ports, asked: Asked) -> None:
    try:
        with ports.store.transaction() as tx:
            tx.tellings.add(Told(f"run {asked.run} {asked.environment}", tx.at))
    except Stale:
        return  # it is known already


def answer_what_waits(ports: Ports) -> None:
    reports = ports.reports
    if reports is None:
        return
    with ports.store.reading() as tx:
        due = [told for told in tx.tellings.of_kind("run") if told.due_at <= tx.at]
    for told in due:
        claimed = _claim(ports, told)
        if claimed is not None and not _answer(ports, reports, claimed):
            return


def _claim(ports: Ports, told: Told) -> Told | None:
    try:
        with ports.store.transaction() as tx:
            claimed = replace(told, due_at=tx.at + CLAIMED, attempts=told.attempts + 1)
            tx.tellings.update(claimed, told)
            return claimed
    except Stale:
        return None


def _answer(ports: Ports, reports: Reports, claimed: Told) -> bool:
    """Whether the code host could be asked. What no longer waits there is forgotten."""
    _, run, environment = claimed.subject.split(" ", 2)
    noun = f"run {run}"
    try:
        waiting = reports.waiting(Asked(int(run), environment))
        said = _said(ports, waiting) if waiting else None
        if said and _is_news(claimed, said):
            reports.answer(Asked(int(run), environment), said.answer, said.comment)
    except OutsideError as error:
        with ports.store.transaction() as tx:
            failed(tx, claimed, noun, error)
        return isinstance(error, Refused)
    with ports.store.transaction() as tx:
        if said is None or said.answer is not Answer.WAIT:
            tx.tellings.forget(claimed)
            if said:
                tx.audit(SYSTEM, f"run {said.answer}", environment, noun, comment=said.comment[:500])
        else:
            times = claimed.times + _is_news(claimed, said)
            waits = Told(claimed.subject, tx.at + AGAIN, said.print, times=times, told_at=tx.at)
            tx.tellings.update(waits, claimed)
    return True


def _is_news(claimed: Told, said: Said) -> bool:
    if said.answer is not Answer.WAIT:
        return True
    return claimed.said != said.print and claimed.times < MOST_REPORTS


def _said(ports: Ports, waiting: Waiting) -> Said:
    environment = next((one for one in Environment if one == waiting.asked.environment.lower()), None)
    if environment is None:
        return _no(words.no_such_environment(waiting.asked.environment))
    policy, revision = policy_in_force(ports), ports.code_host.revision(waiting.commit)
    if policy is None:
        return _no(words.no_policy())
    if revision is None:
        return _no(words.no_such_commit(waiting.commit))
    decision = _decide(ports, environment, revision, waiting.branch)
    comment = words.decided(decision, policy.calendar.time_zone.key, ports.address)
    if decision.open:
        return Said(Answer.APPROVED, comment, "")
    if decision.until is None:
        return _no(comment)
    return Said(Answer.WAIT, comment, fingerprint(*((one.code, one.until) for one in decision.reasons)))


def _no(comment: str) -> Said:
    return Said(Answer.REJECTED, comment, "")


def _decide(ports: Ports, environment: Environment, revision: Revision, branch: str) -> Decision:
    """As if we were to deploy it. Production takes nothing but releases: what is none is judged by its name."""
    with ports.store.reading() as tx:
        tags = [one.tag for one in tx.releases.all() if one.is_tagged and one.revision == revision]
    name = branch if parse_tag(branch) else revision.short
    wanted = Deployment(
        id="",
        environment=environment,
        kind=DeploymentKind.DEPLOY,
        revision=revision,
        state=DeploymentState.QUEUED,
        why="",
        requested_by=SYSTEM.name,
        requested_at=ports.clock.now(),
        release=(tags or [name])[0] if environment is Environment.PRODUCTION else None,
    )
    return deciding.on_deploying_elsewhere(ports, wanted, SYSTEM)
