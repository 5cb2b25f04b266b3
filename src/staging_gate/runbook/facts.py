"""Read everything a decision may look at, in one consistent view, into frozen facts."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from posixpath import normpath

from staging_gate.domain.bypass import Bypass, subject_of
from staging_gate.domain.change import Change
from staging_gate.domain.check import Check
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Facts, ReleaseFacts, UnderWay
from staging_gate.domain.going_back import NO_WISH, Wish
from staging_gate.domain.maintenance import Maintenance
from staging_gate.domain.notes import write_notes
from staging_gate.domain.policy import MergeMethod, Policy
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.revision import Commit, Revision
from staging_gate.domain.service import Service
from staging_gate.messages.incidents import line
from staging_gate.ports import Ports
from staging_gate.ports.policy import PolicyProblems
from staging_gate.ports.store import Transaction
from staging_gate.runbook import hotfix_facts, ways_back
from staging_gate.runbook.approvals_of import approvals_of
from staging_gate.runbook.policy import POLICY_FILE, policy_at
from staging_gate.runbook.tags import ReleaseTags, release_tags

PARTS = {"staging": "flow", "production": "flow"}
"""Where a field of the policy stands in gate.yaml, if not under its own name."""

REMOVED = f"{POLICY_FILE}: wanted the rules of the product, found that the change removes the file"


def of_change(ports: Ports, policy: Policy | None, change: Change, method: MergeMethod | None = None) -> Facts:
    """What merging (or approving) this change has to do with."""
    proof, problems, adds = _proof(ports, policy, change)
    ahead = main_ahead(ports, policy) if policy and change.source == policy.staging.branch else ()
    with ports.store.reading() as tx:
        facts = Facts(
            environment=environment_of(policy, change.target),
            change=change,
            source=change.source,
            target=change.target,
            checks=_checks(tx, change.mergeable_tree()),
            approvals=approvals_of(tx, policy, change),
            holds=tuple(tx.holds.in_force()),
            quarantines=tuple(tx.releases.quarantines()),
            maintenances=maintenances_of(tx, ports.clock.now()),
            bypasses=_bypasses(tx, subject_of(change), change.mergeable_tree()),
            under_way=_under_way(tx) if policy and change.target == policy.staging.branch else (),
            release_ended_at=tx.releases.last_ended_at(),
            main_ahead=ahead,
            adds_policy=adds,
            proof_touched=proof,
            policy_problems=problems,
            intent_method=method,
            connected=ports.pull_requests is not None,
            pull_request=tx.pull_requests.get(change.number) if ports.pull_requests else None,
        )
    if policy and change.target == policy.production.branch and not adds and not change.is_from_fork:
        hotfix = hotfix_facts.of_change(ports, change) if change.goes_alone and change.is_open else None
        return replace(facts, hotfix=hotfix, release=_release_of_change(ports, policy, change))
    return facts


def of_new_change(ports: Ports, policy: Policy | None, source: str, target: str, adds_policy: bool) -> Facts:
    urgent = hotfix_facts.is_hotfix(policy, source, target) and not adds_policy
    hotfix = hotfix_facts.of_branch(ports, source, target) if urgent else None
    return Facts(environment_of(policy, target), source=source, target=target, adds_policy=adds_policy, hotfix=hotfix)


def of_release(ports: Ports, policy: Policy, release: Release) -> Facts:
    """What publishing this release has to do with; its change must be merged."""
    tags = release_tags(ports)
    tag = tags.now.get(release.tag)
    revision = release.revision
    commit, tree = (revision.commit, revision.tree) if revision else ("", "")
    promoted = _promoted(ports, policy, tags, release.tag, commit, tree)
    on_main = bool(commit) and ports.code_host.is_ancestor(commit, policy.production.branch)
    with ports.store.reading() as tx:
        return Facts(
            environment=Environment.PRODUCTION,
            holds=tuple(tx.holds.in_force()),
            quarantines=tuple(tx.releases.quarantines()),
            maintenances=maintenances_of(tx, ports.clock.now()),
            bypasses=_bypasses(tx, release.tag, tree) + _of_hotfix(tx, release.tag, tree),
            release=replace(
                promoted,
                release=release,
                greatest=tags.last(but=release.tag),
                lacks=_lacks(ports, tags, promoted, ReleaseState.PUBLISHED, ReleaseState.VERIFIED),
                tag_at=tag.commit if tag else None,
                annotated=tag.annotated if tag else True,
                on_main=on_main,
            ),
            target_problems=target_problems(ports, policy, Environment.PRODUCTION),
        )


def of_deployment(ports: Ports, policy: Policy, deployment: Deployment) -> Facts:
    """What starting this deployment now has to do with: decided anew, whatever was decided when it was asked for.

    To run again what is live there promotes nothing: it concerns neither holds nor the rules of releases, but for
    quarantine.
    """
    problems = target_problems(ports, policy, deployment.environment)
    with ports.store.reading() as tx:
        live = tx.deployments.live(deployment.environment)
        quarantines = tuple(tx.releases.quarantines())
    if live is not None and live.revision == deployment.revision:
        again = live if deployment.environment is Environment.PRODUCTION else None
        return Facts(deployment.environment, target_problems=problems, live=live, again=again, quarantines=quarantines)
    release = None
    if deployment.environment is Environment.PRODUCTION and deployment.release:
        revision = deployment.revision
        tags = release_tags(ports)
        tag = tags.now.get(deployment.release)
        promoted = _promoted(ports, policy, tags, deployment.release, revision.commit, revision.tree)
        release = replace(
            promoted,
            release=tags.known.get(deployment.release),
            greatest=tags.last_published(deployment.release, ReleaseState.VERIFIED),
            lacks=_lacks(ports, tags, promoted, ReleaseState.VERIFIED),
            tag_at=tag.commit if tag else None,
            annotated=tag.annotated if tag else True,
            on_main=ports.code_host.is_ancestor(revision.commit, policy.production.branch),
        )
    with ports.store.reading() as tx:
        return Facts(
            environment=deployment.environment,
            holds=tuple(tx.holds.in_force()),
            quarantines=tuple(tx.releases.quarantines()),
            maintenances=maintenances_of(tx, ports.clock.now()),
            bypasses=_bypasses(tx, deployment.release, deployment.revision.tree)
            + _of_hotfix(tx, deployment.release, deployment.revision.tree),
            release=release,
            target_problems=problems,
            live=live,
        )


def of_rollback(
    ports: Ports, policy: Policy | None, name: str | None, back: int | None = None, wish: Wish = NO_WISH
) -> Facts:
    """What going back to `name`, or so many releases `back` (else to the last verified release) has to do with.

    While production is being deployed to, that counts as live, and as what has migrated the database: it is what will
    be undone.
    """
    with ports.store.reading() as tx:
        coming, live = tx.deployments.occupying(Environment.PRODUCTION), tx.deployments.live(Environment.PRODUCTION)
        database = ways_back.database_of(tx)
        if coming is not None and not coming.is_rollback:
            live = database = coming
        target = rollback_target(tx, name, back, live)
        way = ways_back.between(ports, tx, policy, database.revision, target.revision) if database and target else None
        return Facts(
            environment=Environment.PRODUCTION,
            quarantines=tuple(tx.releases.quarantines()),
            live=live,
            rollback_to=target,
            rollback_name=name,
            rollback_back=back,
            database=database,
            way_back=way,
            intent_wish=wish,
        )


def rollback_target(tx: Transaction, name: str | None, back: int | None, live: Deployment | None) -> Deployment | None:
    """The deployment whose release comes back: the named one if production ever verified it, so many verified releases
    `back`, else the last verified one."""
    if back is not None:
        earlier = _releases_before(tx, live)
        return _succeeded(tx, earlier[back - 1].tag) if len(earlier) >= back else None
    if name is None:
        return tx.deployments.last_verified_release(before=live.release if live else None)
    release = tx.releases.get(name)
    return _succeeded(tx, name) if release is not None and release.verified_at is not None else None


def _succeeded(tx: Transaction, tag: str) -> Deployment | None:
    return next((d for d in tx.deployments.of_release(tag) if d.state is DeploymentState.SUCCEEDED), None)


def _releases_before(tx: Transaction, live: Deployment | None) -> list[Release]:
    """The verified releases that were published before what is live, the last first; those in quarantine are passed
    over."""
    bad = {name for quarantine in tx.releases.quarantines() for name in (quarantine.tag, quarantine.tree)}
    now = tx.releases.get(live.release) if live is not None and live.release else None
    found = [
        (release.published_at, release)
        for release in tx.releases.all()
        if release.verified_at is not None
        and release.published_at is not None
        and (now is None or now.published_at is None or release.published_at < now.published_at)
        and release.tag not in bad
        and (release.revision is None or release.revision.tree not in bad)
    ]
    return [release for _, release in sorted(found, key=lambda pair: pair[0], reverse=True)]


def maintenances_of(tx: Transaction, at: datetime) -> tuple[Maintenance, ...]:
    """Those of production that are on or to come at that moment."""
    return tuple(each for each in tx.maintenances.ahead(at) if each.environment is Environment.PRODUCTION)


def main_ahead(ports: Ports, policy: Policy) -> tuple[str, ...]:
    """Commits of main that staging lacks. Merge commits of releases do not count: their tree is staging's."""
    host, main, staging = ports.code_host, policy.production.branch, policy.staging.branch
    if host.revision(staging) is None or host.revision(main) is None:
        return ()
    ahead = host.commits(staging, main)
    return tuple(f"{commit.id[:10]} {commit.subject}" for commit in ahead if len(commit.parents) < 2)


def target_problems(ports: Ports, policy: Policy, environment: Environment) -> tuple[str, ...]:
    problems = []
    for service in policy.services_in(environment):
        target = service.target(environment)
        target = replace(target, environ={**service.environ, **target.environ})
        adapter = ports.targets.get(target.provider)
        if adapter is None:
            problems.append(f"{service.name}: this installation has no adapter for {target.provider}.")
        elif said := adapter.reachable(target):
            problems.append(f"{service.name}: {said}")
    return tuple(problems)


def changes_of(ports: Ports, policy: Policy, commits: Iterable[Commit]) -> tuple[Change, ...]:
    """The merged changes that these commits brought to staging."""
    with ports.store.reading() as tx:
        return tuple(tx.changes.merged_into(policy.staging.branch, [commit.id for commit in commits]))


def commits_since_last_release(ports: Ports, tags: ReleaseTags, until: str) -> list[Commit]:
    """Newest first; all there are before the first release. What was taken back is new again."""
    last = tags.last_good(until)
    return ports.code_host.commits(tags.commit(last) if last else None, until)


def _release_of_change(ports: Ports, policy: Policy, change: Change) -> ReleaseFacts:
    tree = change.mergeable_tree() or ""
    tags = release_tags(ports)
    found = _promoted(ports, policy, tags, change.release or "", change.head.commit, tree)
    return replace(found, hotfix_reason=change.hotfix_reason, greatest=tags.last(but=change.release or ""))


def _promoted(ports: Ports, policy: Policy, tags: ReleaseTags, tag: str, commit: str, tree: str) -> ReleaseFacts:
    commits = commits_since_last_release(ports, tags, commit) if commit else []
    included = changes_of(ports, policy, commits)
    with ports.store.reading() as tx:
        tested = frozenset(t.change for t in tx.changes.tested([change.number for change in included]))
        back = ways_back.goes_back_to(tx, tree) if tree else None
        return ReleaseFacts(
            tag=tag,
            commit=commit,
            tree=tree,
            hotfix_reason=hotfix_facts.reason_of(tx, tag),
            commits=len(commits),
            breaking=write_notes(commits).breaking,
            announced=tuple(tx.announcements.of(tag)),
            verified=tx.deployments.verification(Environment.STAGING, tree),
            included=included,
            tested=tested,
            checks=_checks(tx, tree),
            migrations=tuple(tx.migration_reports.of_tree(tree)) if tree else (),
            critical_bugs=tuple(line(incident) for incident in tx.incidents.open() if incident.severity.is_critical),
            goes_back_to=back,
            way_back=ways_back.between(ports, tx, policy, Revision(commit, tree), back.revision) if back else None,
        )


def _lacks(ports: Ports, tags: ReleaseTags, promoted: ReleaseFacts, *states: ReleaseState) -> str | None:
    """The last release in one of these states, where this one does not hold it: it would be taken back. A hotfix has to
    hold no more than what production runs: of another line it knows nothing."""
    last = tags.last_published(promoted.tag, *states)
    if promoted.hotfix_reason is not None:
        with ports.store.reading() as tx:
            live = tx.deployments.live(Environment.PRODUCTION)
        last = live.release if live is not None and live.release != promoted.tag else None
    at = tags.commit(last) if last else None
    return last if promoted.commit and at and not ports.code_host.is_ancestor(at, promoted.commit) else None


def _bypasses(tx: Transaction, subject: str | None, tree: str | None) -> tuple[Bypass, ...]:
    """Those given for exactly this code of it."""
    return tuple(one for one in tx.bypasses.about(subject) if one.tree == tree) if subject and tree else ()


def _under_way(tx: Transaction) -> tuple[UnderWay, ...]:
    """A release with its tag is under way while it is being deployed; what came after that is not its preparation."""
    found = []
    for release in tx.releases.under_way():
        deploying = any(not deployment.state.ended for deployment in tx.deployments.of_release(release.tag))
        if release.state is not ReleaseState.PUBLISHED or deploying:
            change = tx.changes.get(release.change) if release.change else None
            approvals = tuple(tx.approvals.of_change(change.number)) if change else ()
            found.append(UnderWay(release, change, approvals))
    return tuple(each for each in found if each.change is None or not each.change.is_hotfix)


def _of_hotfix(tx: Transaction, tag: str | None, tree: str) -> tuple[Bypass, ...]:
    """Those given for a hotfix's change, before it had a tag."""
    change = tx.changes.of_release(tag) if tag else None
    return _bypasses(tx, f"change {change.number}", tree) if change is not None and change.goes_alone else ()


def _checks(tx: Transaction, tree: str | None) -> dict[str, Check]:
    return {check.name: check for check in tx.checks.of_tree(tree)} if tree else {}


def environment_of(policy: Policy | None, branch: str) -> Environment:
    lane = policy.lane_of_branch(branch) if policy else None
    return lane.environment if lane else Environment.STAGING


def _proof(ports: Ports, policy: Policy | None, change: Change) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """The files by which a change alters its own proof, the problems of its gate.yaml, and whether it brings the
    first one. What counts is what the branch would hold: merging two good gate.yaml can give a third one."""
    if change.preview is None or not change.is_open:
        return (), (), False
    merged = (change.preview.merged or change.head).commit
    touched = ports.code_host.changed_files(change.preview.base, merged)
    try:
        own = policy_at(ports, merged) if POLICY_FILE in touched or policy is None else policy
    except PolicyProblems as broken:
        return (), broken.problems, policy is None
    if policy is None or own is None:
        return (), () if policy is None else (REMOVED,), own is not None
    if change.source == policy.staging.branch:
        return (), (), False  # what staging holds was judged when it came there
    proving = [path for path in touched if _proves(path, policy.services)]
    return (*proving, *(f"{POLICY_FILE}: {part}" for part in _other_rules(own, policy))), (), False


def _other_rules(own: Policy, policy: Policy) -> list[str]:
    """The parts of gate.yaml that say something else than those in force: all of them are rules of the gate."""
    parts = dict.fromkeys(PARTS.get(part.name, part.name) for part in fields(Policy) if part.name != "hash")
    other = {PARTS.get(p.name, p.name) for p in fields(Policy) if getattr(own, p.name) != getattr(policy, p.name)}
    return [part for part in parts if part in other]


def _proves(path: str, services: Iterable[Service]) -> bool:
    """Whether a file belongs to a smoke test: it lies at or under a path or module that the smoke command names, or
    is run with whatever lies beside and below it."""
    words = [word for service in services for word in service.smoke if not word.startswith(("-", "$"))]
    places = {normpath(word.partition("::")[0]) for word in words} | {word.replace(".", "/") for word in words}
    folder, _, name = path.rpartition("/")
    around = f"{folder}/".lstrip("/") if name in ("conftest.py", "__init__.py") else path
    return any(
        path in (place, f"{place}.py") or path.startswith(f"{place}/") or place.startswith(around) for place in places
    )
