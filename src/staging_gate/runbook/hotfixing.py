"""Procedure 3, emergency hotfix: from what production runs, tried in staging, to main, tagged at once, brought back.

What goes to production is the head of the hotfix: what production runs and the fix, nothing else that main may hold.
Just this tree is checked, approved and proved in staging; merging keeps the head among main's commits, so that its tag
is on main.
"""

from dataclasses import dataclass

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.hotfix import BRANCHES, is_name
from staging_gate.domain.notes import write_notes
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.version import Bump, next_tag
from staging_gate.engine import Run, procedure
from staging_gate.messages import hotfixes as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import changes, deciding, facts, following_up
from staging_gate.runbook.asking import surely
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.migrations import migrations_among
from staging_gate.runbook.policy import needed_policy, policy_in_force
from staging_gate.runbook.queue import request
from staging_gate.runbook.releasing import PUBLISH
from staging_gate.runbook.tags import release_tags
from staging_gate.runbook.urgency import PROVE_HOTFIX

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION
CONFLICTS = "back-merge conflicts"


@dataclass(frozen=True)
class HotfixPlan:
    """`last` is the last release there was, `tags` are all that the code host has."""

    last: str | None
    tags: frozenset[str]
    notes: str


def start(ports: Ports, name: str, by: Actor) -> str:
    """Make the branch of a hotfix where production is; returns its name. Raises Closed, Unusable."""
    branch = BRANCHES + name.removeprefix(BRANCHES)
    deciding.through(deciding.on_taking_part(ports, branch, by))
    if not is_name(branch.removeprefix(BRANCHES)):
        raise Unusable(words.bad_name(name))
    with ports.store.reading() as tx:
        live = tx.deployments.live(PRODUCTION)
    if live is None:
        raise Unusable(words.nothing_live())
    if branch in ports.code_host.branches():
        raise Unusable(words.taken(branch))
    surely(ports.code_host.create_branch, branch, live.revision.commit)
    with ports.store.transaction() as tx:
        tx.audit(by, "hotfix started", branch, f"from {live.release or live.id}", commit=live.revision.commit)
    return branch


def open_hotfix(ports: Ports, name: str, reason: str, by: Actor, title: str | None = None) -> Change:
    """Ask for a hotfix to go to production. Raises Closed, Unknown, Unusable."""
    branch = BRANCHES + name.removeprefix(BRANCHES)
    main = needed_policy(ports).production.branch
    return changes.open_change(ports, branch, main, by, title, reason=reason)


def prove(ports: Ports, number: int, by: Actor) -> str:
    """Try a hotfix in staging, once more; the deployment's id. Raises Closed, Unknown, Unusable."""
    change = changes.refresh(ports, number) or changes.get(ports, number)
    if not change.goes_alone:
        raise Unusable(words.not_a_hotfix(number))
    deciding.through(deciding.on_proving(ports, change, by))
    with ports.store.transaction() as tx:
        tx.deployments.lock(STAGING)
        if tx.deployments.verification(STAGING, change.head.tree) is not None:
            raise Unusable(words.proved_already(number))
        running = next((one for one in _proofs(tx, change) if not one.state.ended), None)
        if running is not None:
            raise Unusable(words.under_way(running.id))
        return request(tx, _proof(tx, change, by), by).id


@procedure(PROVE_HOTFIX)
def prove_hotfix(run: Run, subject: str) -> None:
    """Once its checks have passed and it is approved, a hotfix is tried in the staging environment."""
    run.step("try it in staging, if it is ready", prove_if_ready, int(subject.split()[1]))


def prove_what_is_ready(ports: Ports) -> None:
    """For what nobody tells of: another policy, a production that went back."""
    with ports.store.reading() as tx:
        waiting = [one for one in tx.changes.open() if one.goes_alone and not one.is_being_merged]
        untried = [one.number for one in waiting if not _proofs(tx, one)]
    for number in untried:
        prove_if_ready(ports, number)


def prove_if_ready(ports: Ports, number: int) -> str:
    """By itself only once for each tree: what failed there is tried again when somebody wants it."""
    change = changes.refresh(ports, number) or changes.get(ports, number)
    if not change.goes_alone:
        return "no hotfix"
    decision = deciding.on_proving(ports, change, SYSTEM)
    if not decision.open:
        return f"not yet: {', '.join(decision.codes)}"
    with ports.store.transaction() as tx:
        tx.deployments.lock(STAGING)  # its last check and its approval may come at the same moment
        tried = [one for one in _proofs(tx, change) if one.state is not DeploymentState.SUPERSEDED]
        if tried or tx.deployments.verification(STAGING, change.head.tree) is not None:
            return "it was tried already"
        return request(tx, _proof(tx, change, SYSTEM), SYSTEM).id


def plan(ports: Ports, change: Change) -> HotfixPlan:
    """What its release would be, if it were merged now."""
    tags = release_tags(ports)
    commits = facts.commits_since_last_release(ports, tags, change.head.commit)
    before = commits[-1].parents if commits else ()  # nothing comes before a first import
    files = ports.code_host.changed_files(before[0], change.head.commit) if before else []
    notes = write_notes(commits, migrations_among(ports, files), [change]).markdown(ports.address)
    return HotfixPlan(tags.last(), frozenset(tags.now), words.notes(change.hotfix_reason or "", notes))


def release_at_once(tx: Transaction, policy: Policy, planned: HotfixPlan, change: Change, by: Actor) -> Release:
    """A hotfix has come to main: its release, what is to be done after it, and the run that gives it its tag, all in
    the transaction of its merge."""
    tx.deployments.lock(PRODUCTION)  # two hotfixes want the same tag
    taken = {*planned.tags, *(release.tag for release in tx.releases.all())}
    tag = next_tag(planned.last, Bump.PATCH)
    while tag in taken:
        tag = next_tag(tag, Bump.PATCH)
    release = Release(
        tag=tag,
        title=words.title(tag, change),
        notes=planned.notes,
        state=ReleaseState.MERGED,
        change=change.number,
        created_by=change.author,
        created_at=tx.at,
        revision=change.head,
        published_by=by.name,
    )
    tx.releases.add(release)
    tx.audit(by, "release opened", tag, release.title, change=change.number, hotfix=change.hotfix_reason)
    following_up.open_after_hotfix(tx, policy, change, tag)
    tx.start(PUBLISH, tag, key=f"publish-{tag}-hotfix")
    return release


def open_back_merge(ports: Ports, tag: str) -> str:
    """Open the change that brings main back to staging, unless it is open or staging holds all of main."""
    policy = needed_policy(ports)
    main, staging = policy.production.branch, policy.staging.branch
    if ports.code_host.revision(staging) is None:
        return f"there is no {staging} to bring it back to"
    if ports.code_host.is_ancestor(main, staging):
        return f"{staging} holds all of {main}"
    with ports.store.reading() as tx:
        change = tx.changes.find_open(main, staging)
    if change is None:
        title, text = words.back_merge_title(tag, main, staging), words.back_merge(tag, main, staging)
        change = changes.open_change(ports, main, staging, SYSTEM, title, text)
    else:
        change = changes.refresh(ports, change.number) or change
    _tell_conflicts(ports, change)
    return f"change {change.number}"


def bring_staging_back(ports: Ports) -> None:
    """Once a hotfix is merged, closed or pushed to, staging runs its own branch again. Where that fails it is not
    tried again by itself."""
    with ports.store.reading() as tx:
        over = _tried_and_over(tx)
    if over is None:
        return
    policy = policy_in_force(ports)
    own = ports.code_host.revision(policy.staging.branch) if policy else None
    if own is None:
        return
    with ports.store.transaction() as tx:
        tx.deployments.lock(STAGING)
        if _tried_and_over(tx) == over:
            wanted = Deployment(
                id="",
                environment=STAGING,
                kind=DeploymentKind.DEPLOY,
                revision=own,
                state=DeploymentState.QUEUED,
                why=words.staging_again(over),
                requested_by=SYSTEM.name,
                requested_at=tx.at,
            )
            request(tx, wanted, SYSTEM)


def _proofs(tx: Transaction, change: Change) -> list[Deployment]:
    """The deployments that try just this code in staging, newest first."""
    tree = change.head.tree
    return [one for one in tx.deployments.of_change(change.number) if one.is_proof and one.revision.tree == tree]


def _proof(tx: Transaction, change: Change, by: Actor) -> Deployment:
    return Deployment(
        id="",
        environment=STAGING,
        kind=DeploymentKind.PROOF,
        revision=change.head,
        state=DeploymentState.QUEUED,
        why=words.proof(change),
        requested_by=by.name,
        requested_at=tx.at,
        change=change.number,
        urgent=True,
    )


def _tried_and_over(tx: Transaction) -> Change | None:
    """The hotfix that staging runs last of all, and needs no longer."""
    live, last = tx.deployments.live(STAGING), tx.deployments.recent(STAGING, 1)
    if live is None or not live.is_proof or live.change is None or last[0].id != live.id:
        return None
    change = tx.changes.get(live.change)
    return change if change is not None and not (change.is_open and change.head == live.revision) else None


def _tell_conflicts(ports: Ports, change: Change) -> None:
    """Put it on the record, once, that a person has to solve the back-merge's conflicts."""
    files = change.preview.conflicts if change.preview else ()
    if not files:
        return
    subject = changes.subject_of(change)
    with ports.store.transaction() as tx:
        if not any(entry.action == CONFLICTS for entry in tx.audit_log.about(subject)):
            said = words.back_merge_conflicts(change.source, change.target, files)
            tx.audit(SYSTEM, CONFLICTS, subject, said)
