"""What is shown at the code host: our verdict on each open change, where it is on its way, deployments and releases."""

from collections.abc import Iterator
from datetime import timedelta

from staging_gate.domain.actor import Actor, ActorKind
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Decision, Reason
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import Release
from staging_gate.domain.version import parse_tag
from staging_gate.messages import check_runs, way
from staging_gate.messages import deployments as deployment_words
from staging_gate.messages.notifications import link
from staging_gate.ports import Ports
from staging_gate.ports.reports import DeploymentReport, Light, ReleaseReport, Reports, Stage, Verdict
from staging_gate.ports.store import Transaction
from staging_gate.runbook import changes, deciding
from staging_gate.runbook.approvals_of import approvals_of
from staging_gate.runbook.policy import policy_in_force
from staging_gate.runbook.showing import Piece, fingerprint, tell_each

ANYBODY = Actor("anybody who takes part", ActorKind.SYSTEM)
"""Whom a verdict is about: what each person may do besides is said to that person."""

SHOWN_FOR = timedelta(days=14)
"""How long what has ended is still followed; what ended before anybody was told of it is not told any more."""

WAITS = (
    "being_merged",
    "being_published",
    "not_tested_by_a_person",
    "not_verified_in_staging",
    "release_in_preparation",
    "hotfix_waits",
    "draft",
    "host_checks",
    "host_unknown",
    "way_back_unknown",
    "critical_bugs_unknown",
)
"""Reasons that go away by waiting, or by what somebody does who is no author; so do all that pend or are missing."""

STAGES = {
    DeploymentState.QUEUED: Stage.QUEUED,
    DeploymentState.RUNNING: Stage.IN_PROGRESS,
    DeploymentState.VERIFYING: Stage.IN_PROGRESS,
    DeploymentState.FAILED: Stage.FAILURE,
    DeploymentState.ROLLED_BACK: Stage.FAILURE,
    DeploymentState.ERRORED: Stage.ERROR,
    DeploymentState.ABORTED: Stage.INACTIVE,
    DeploymentState.SUPERSEDED: Stage.INACTIVE,
}


def verdicts(ports: Ports) -> None:
    """Of merging each open change."""
    if ports.reports:
        _forget_what_is_over(ports)
        tell_each(ports, _verdicts(ports))


def comments(ports: Ports) -> None:
    """One for each change, while it is on its way."""
    if ports.reports:
        tell_each(ports, _comments(ports))


def deployments(ports: Ports) -> None:
    """Each attempt, and how it goes."""
    if ports.reports:
        tell_each(ports, _deployments(ports))


def releases(ports: Ports) -> None:
    """Those that have their tag."""
    if ports.reports:
        tell_each(ports, _releases(ports))


# --- verdicts ----------------------------------------------------------------------------------------------------


def _forget_what_is_over(ports: Ports) -> None:
    """Nobody waits for a verdict on what is merged or closed; one that is opened again gets it anew."""
    with ports.store.reading() as tx:
        opened = {f"verdict {change.number}" for change in tx.changes.open()}
        over = [told for told in tx.tellings.of_kind("verdict") if told.subject not in opened]
    if over:
        with ports.store.transaction() as tx:
            for told in over:
                tx.tellings.forget(told)


def _verdicts(ports: Ports) -> Iterator[Piece]:
    policy = policy_in_force(ports)
    with ports.store.reading() as tx:
        opened = tx.changes.open()
    for change in opened:
        yield _verdict(ports, policy, change)


def _verdict(ports: Ports, policy: Policy | None, change: Change) -> Piece:
    decision = deciding.on_merging(ports, change, None, ANYBODY)
    tree = change.mergeable_tree()
    with ports.store.reading() as tx:
        proved = tuple(tx.migration_reports.of_tree(tree)) if tree else ()
    zone = policy.calendar.time_zone.key if policy else "UTC"
    place = "It is merged by itself as soon as the gate opens." if change.waits else ""
    page = link(ports.address, changes.subject_of(change))
    told = Verdict(
        change.number,
        change.head.commit,
        light(decision),
        check_runs.title(decision),
        check_runs.summary(decision, zone, place, page, proved),
        page,
    )
    voice = ports.reports.voice if ports.reports else ""
    said = fingerprint(voice, told.light, _lasting(decision), proved, place, page)

    def tell(reports: Reports, key: str) -> str:
        return reports.verdict(told, key)

    return Piece(f"verdict {change.number}", changes.subject_of(change), said, tell, change.head.commit)


def light(decision: Decision) -> Light:
    if decision.open:
        return Light.SUCCESS
    return Light.PENDING if all(map(_waits, decision.reasons)) else Light.FAILURE


def _waits(reason: Reason) -> bool:
    return reason.until is not None or reason.code in WAITS or reason.code.endswith(("_pending", "_missing"))


def _lasting(decision: Decision) -> tuple[object, ...]:
    """What of it does not change with the clock alone: where time decides, the sentence names the present moment."""
    reasons = [
        (one.code, one.until, one.bypass, one.evidence, one.opens_when, "" if one.until else one.sentence)
        for one in decision.reasons
    ]
    passed = [(one.reason.code, one.bypass.id) for one in decision.bypassed]
    return (*reasons, *passed, *(warning.code for warning in decision.warnings))


# --- the way -----------------------------------------------------------------------------------------------------


def _comments(ports: Ports) -> Iterator[Piece]:
    policy = policy_in_force(ports)
    with ports.store.reading() as tx:
        known = {int(told.subject.partition(" ")[2]) for told in tx.tellings.of_kind("comment")}
        ended = [one for one in tx.changes.recent() if one.number in known and _is_recent(tx, one)]
        followed = [*tx.changes.open(), *ended]
    for change in followed:
        yield _comment(ports, policy, change)


def _is_recent(tx: Transaction, change: Change) -> bool:
    return not change.is_open and (change.merged_at is None or tx.at - change.merged_at < SHOWN_FOR)


def _comment(ports: Ports, policy: Policy | None, change: Change) -> Piece:
    text = way.comment(_way(ports, policy, change), ports.address)

    def tell(reports: Reports, key: str) -> str:
        return reports.comment(change.number, text, key)

    return Piece(f"comment {change.number}", changes.subject_of(change), fingerprint(text), tell)


def _way(ports: Ports, policy: Policy | None, change: Change) -> way.Way:
    decision = deciding.on_merging(ports, change, None, ANYBODY) if change.is_open else None
    tree = change.merged.tree if change.merged else change.mergeable_tree()
    release = _release_of(ports, change)
    with ports.store.reading() as tx:
        staging = [one for one in tx.deployments.of_change(change.number) if one.environment is Environment.STAGING]
        production = tx.deployments.of_release(release.tag) if release else []
        given = approvals_of(tx, policy, change)
        return way.Way(
            change=change,
            checks=tuple(tx.checks.of_tree(tree)) if tree else (),
            approvals=tuple(one for one in given if one.withdrawn_at is None),
            decision=decision,
            staging=staging[0] if staging else None,
            release=release,
            production=production[0] if production else None,
        )


def _release_of(ports: Ports, change: Change) -> Release | None:
    """The first release that holds it."""
    with ports.store.reading() as tx:
        if change.release:
            return tx.releases.get(change.release)
        known = [one for one in tx.releases.all() if one.revision is not None]
    merged = change.merged
    if merged is None or change.merged_at is None:
        return None
    later = [one for one in reversed(known) if one.ended_at is None or one.ended_at >= change.merged_at]
    held = (one for one in later if one.revision and ports.code_host.is_ancestor(merged.commit, one.revision.commit))
    return next(held, None)


# --- deployments and releases ------------------------------------------------------------------------------------


def _deployments(ports: Ports) -> Iterator[Piece]:
    """Oldest first: what is shown last is what is live."""
    for environment in Environment:
        with ports.store.reading() as tx:
            live = tx.deployments.live(environment)
            known = {told.subject for told in tx.tellings.of_kind("deployment")}
            recent = tx.deployments.recent(environment)[::-1]
            new = [one for one in recent if f"deployment {one.id}" in known or _is_new(tx, one)]
        public = _public(ports, environment) if new else ""
        for one in new:
            yield _deployment(ports, one, live, public)


def _is_new(tx: Transaction, one: Deployment) -> bool:
    return one.ended_at is None or tx.at - one.ended_at < SHOWN_FOR


def _deployment(ports: Ports, one: Deployment, live: Deployment | None, public: str) -> Piece:
    stage = _stage(one, live)
    report = DeploymentReport(
        one.id,
        one.environment,
        one.revision.commit,
        stage,
        f"{one.id} {deployment_words.name(one)}: {one.failure or one.why}",
        one.is_rollback,
        link(ports.address, one.id),
        public if stage is Stage.SUCCESS else "",
    )

    def tell(reports: Reports, key: str) -> str:
        return reports.deployment(report, key)

    return Piece(f"deployment {one.id}", one.id, fingerprint(report), tell)


def _stage(one: Deployment, live: Deployment | None) -> Stage:
    if one.state is DeploymentState.SUCCEEDED:
        return Stage.SUCCESS if live is not None and live.id == one.id else Stage.INACTIVE
    return STAGES[one.state]


def _public(ports: Ports, environment: Environment) -> str:
    """The address of the first service that has one."""
    policy = policy_in_force(ports)
    for service in policy.services_in(environment) if policy else ():
        target = service.target(environment)
        adapter = ports.targets.get(target.provider)
        found = adapter.address(environment, service, target) if adapter else None
        if found and found.startswith(("http://", "https://")):
            return found
    return ""


def _releases(ports: Ports) -> Iterator[Piece]:
    tags = ports.code_host.tags()
    with ports.store.reading() as tx:
        known = {told.subject for told in tx.tellings.of_kind("release")}
        found = [
            one
            for one in reversed(tx.releases.all())
            if one.is_tagged and one.tag in tags and (f"release {one.tag}" in known or _is_fresh(tx, one))
        ]
    for release in found:
        yield _release(release)


def _is_fresh(tx: Transaction, release: Release) -> bool:
    return release.published_at is not None and tx.at - release.published_at < SHOWN_FOR


def _release(release: Release) -> Piece:
    version = parse_tag(release.tag)
    report = ReleaseReport(release.tag, release.title, release.notes, bool(version and version.prerelease))

    def tell(reports: Reports, key: str) -> str:
        return reports.release(report, key)

    return Piece(f"release {release.tag}", release.tag, fingerprint(report), tell)
