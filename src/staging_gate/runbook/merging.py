"""Merge a change that the gate lets through; a merge to staging is deployed there by itself."""

from dataclasses import replace
from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Decision
from staging_gate.domain.gate.rules.merge_method import allowed_methods
from staging_gate.domain.notification import Event
from staging_gate.domain.policy import MergeMethod, Policy
from staging_gate.domain.pull_request import PullState
from staging_gate.domain.release import ReleaseState
from staging_gate.domain.revision import Revision
from staging_gate.engine import Run, procedure
from staging_gate.messages import deployments as deployment_words
from staging_gate.messages import notifications as notices
from staging_gate.messages.releases import merge_message
from staging_gate.ports import Ports
from staging_gate.ports.code_host import HeadMoved, MergeOrder
from staging_gate.ports.errors import Refused
from staging_gate.ports.store import Transaction
from staging_gate.runbook import ahead, bypassing, changes, deciding, following_pull_requests, hotfixing, telling
from staging_gate.runbook.approvals_of import counting
from staging_gate.runbook.asking import surely
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.policy import policy_in_force
from staging_gate.runbook.queue import MERGE_CHANGE, request

INTERRUPTED = "merge interrupted"
"""`taking_up.py` sees to it."""


def merge(ports: Ports, number: int, method: MergeMethod | None, by: Actor) -> str:
    """Begin to merge; returns the run's id. Raises Closed. The gate decides once more when the merge is done."""
    following_pull_requests.look(ports, number)
    change = changes.refresh(ports, number) or changes.get(ports, number)
    policy = policy_in_force(ports)
    usual = allowed_methods(policy, change)[0] if policy else MergeMethod.MERGE
    how = change.method or method or usual
    deciding.through(deciding.on_merging(ports, change, how, by))
    # Who asks again goes on with the same merge: the same moment gives the same commit.
    since = change.merge_requested_at or ports.clock.now()
    asked = replace(change, method=how, merged_by=by.name, merge_requested_at=since)
    foreseen = _foresee(ports, policy, asked, by)
    with ports.store.transaction() as tx:
        tx.changes.update(asked, change)  # a second person merging at this moment finds it changed: Stale
        tx.audit(by, "merge asked for", changes.subject_of(change), how)
        run = tx.start(MERGE_CHANGE, str(number), key=f"merge-{number}-{tx.at:%Y%m%d%H%M%S%f}")
    if foreseen:
        ahead.start(ports, foreseen)
    return run


def merge_when_ready(ports: Ports, number: int, method: MergeMethod | None, by: Actor) -> str | None:
    """Merge now if the gate is open; returns the run's id. Else it is merged by itself as soon as the gate opens, and
    this returns None. Raises Closed where waiting can not help."""
    try:
        return merge(ports, number, method, by)
    except deciding.Closed:
        change = changes.get(ports, number)
        deciding.through(deciding.on_merging_when_ready(ports, change, method, by))
    with ports.store.transaction() as tx:
        wanted = replace(change, merge_wanted_at=tx.at, merge_wanted_by=by.name, merge_wanted_method=method)
        tx.changes.update(wanted, change)
        tx.audit(by, "merge asked for", changes.subject_of(change), "when the gate opens")
    return None


def do_not_merge(ports: Ports, number: int, by: Actor) -> Change:
    """Take back that a change is to be merged by itself. Raises Closed, Unusable."""
    change = changes.get(ports, number)
    deciding.through(deciding.on_taking_part(ports, changes.subject_of(change), by))
    if not change.waits:
        raise Unusable(f"Change {number} does not wait to be merged ({change.state}): there is nothing to take back.")
    with ports.store.transaction() as tx:
        left = replace(change, merge_wanted_at=None, merge_wanted_by=None, merge_wanted_method=None)
        tx.changes.update(left, change)
        tx.audit(by, "merge not wanted any more", changes.subject_of(change))
    return left


def let_go(ports: Ports, number: str, message: str) -> None:
    """Our own machine broke. The change is free again unless the branch has moved, or nobody knows whether it has: then
    it is taken up later."""
    change = changes.get(ports, int(number))
    base = ports.code_host.revision(change.target)
    if ports.code_host.outdated():
        with ports.store.transaction() as tx:
            said = f"{message} It goes on by itself once the code host is back; first it is seen whether it was merged."
            tx.audit(Actor(change.merged_by or ""), INTERRUPTED, changes.subject_of(change), said)
        return
    if change.is_being_merged and change.preview and base and base.commit == change.preview.base:
        give_up(ports, change, message)


@procedure(MERGE_CHANGE, errored=let_go)
def merge_change(run: Run, number: str) -> None:
    """Decide once more, merge exactly what was decided on, queue the deployment, delete the branch. A hotfix is
    released at once, and brought back to staging."""
    merged = run.step("check the gate and merge", merge_as_decided, int(number))
    if merged is None:
        return
    hotfix = run.step("record the merge", record, int(number), merged["commit"], merged["tree"])
    run.step("delete the branch", delete_branch, int(number))
    if hotfix:
        run.step("bring it back to staging", hotfixing.open_back_merge, hotfix)
        run.step("let staging run its own branch again", hotfixing.bring_staging_back)


def merge_as_decided(ports: Ports, number: int) -> dict[str, str] | None:
    """Decide once more and do it at once; None where the gate has closed or the branches have moved meanwhile."""
    change = changes.get(ports, number)
    base = ports.code_host.revision(change.target)
    # Where the branch is not as it was decided on, it may be we who moved it before we were killed: merging looks.
    moved = base and change.preview and base.commit != change.preview.base
    if not moved and admit(ports, number) == "closed":
        return None
    return move_branch(ports, number)


def admit(ports: Ports, number: int) -> str:
    change = changes.get(ports, number)
    if not change.is_being_merged:
        return "closed"  # we gave up and were killed after that commit
    head = ports.code_host.revision(change.source)
    if head is None or head.commit != change.head.commit:
        give_up(ports, change, f"{change.source} was pushed to meanwhile.")
        changes.refresh(ports, number)
        return "closed"
    following_pull_requests.look(ports, number)
    if _is_merged_there(ports, number):
        return "open"  # perhaps by us, before we were killed: merging looks
    merger = acting(ports, change.merged_by)
    decision = deciding.on_merging(ports, change, change.method, merger)
    if decision.open:
        return admit(ports, number) if _bypasses_gone(ports, change, decision, merger) else "open"
    give_up(ports, change, " ".join(reason.sentence for reason in decision.reasons))
    return "closed"


def _is_merged_there(ports: Ports, number: int) -> bool:
    with ports.store.reading() as tx:
        heard = tx.pull_requests.get(number)
    return heard is not None and heard.pull.state is PullState.MERGED


def move_branch(ports: Ports, number: int) -> dict[str, str] | None:
    """None where the branches moved meanwhile: the change is looked at again and waits for its checks."""
    change = changes.get(ports, number)
    if not change.is_being_merged:
        return None  # we gave up and were killed after that commit
    try:
        merged = surely(ports.code_host.merge, _order(change))
    except HeadMoved:
        give_up(ports, change, f"{change.target} has moved meanwhile.")
        changes.refresh(ports, number)
        return None
    except Refused as refused:
        give_up(ports, change, refused.message)
        changes.refresh(ports, number)
        return None
    return {"commit": merged.commit, "tree": merged.tree}


def record(ports: Ports, number: int, commit: str, tree: str) -> str | None:
    """The tag of a hotfix, None for every other change."""
    merged = Revision(commit, tree)
    policy, asked = policy_in_force(ports), changes.get(ports, number)
    planned = hotfixing.plan(ports, asked) if asked.goes_alone and asked.is_open else None
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.STAGING)  # whoever asked twice has two runs
        change = tx.changes.get(number)
        assert change is not None
        if not change.is_open:
            return change.release if change.goes_alone else None  # we were killed after this commit
        by = Actor(change.merged_by or "")
        counted = counting(tx, policy, change)
        done = replace(change, state=ChangeState.MERGED, merged=merged, merged_at=tx.at, counted=counted)
        if policy and planned:
            done = replace(done, release=hotfixing.release_at_once(tx, policy, planned, done, by).tag)
        tx.changes.update(done, change)
        tx.audit(by, "merged", changes.subject_of(change), change.title, commit=commit, tree=tree)
        if policy and change.target == policy.staging.branch and policy.services_in(Environment.STAGING):
            request(tx, _deployment(done, merged, by, tx.at), by)
        if change.release:
            _release_merged(tx, change.release, merged)
        return done.release if done.goes_alone else None


def delete_branch(ports: Ports, number: int) -> None:
    """The branch of a merged change goes, unless it is one that an environment follows or somebody pushed again."""
    change = changes.get(ports, number)
    policy = policy_in_force(ports)
    followed = {"main"} | ({policy.staging.branch, policy.production.branch} if policy else set())
    if change.source not in followed:
        surely(ports.code_host.delete_branch, change.source, change.head.commit)
    changes.refresh_all(ports, [change.target])


def _foresee(ports: Ports, policy: Policy | None, change: Change, by: Actor) -> Deployment | None:
    """Begin to build what staging will run; the deployment of it where that may be started already."""
    merged = change.preview.merged if change.preview else None
    if policy is None or merged is None or change.target != policy.staging.branch:
        return None
    coming = _deployment(change, merged, by, ports.clock.now())
    foreseen = ahead.foresee(ports, coming, _order(change))
    ahead.build(ports, coming)
    return foreseen


def _order(change: Change) -> MergeOrder:
    """Of a change that is being merged: the same at every time, so its commit is the same, too."""
    preview = change.preview
    assert preview and preview.merged and change.method and change.merged_by and change.merge_requested_at
    return MergeOrder(
        key=f"merge-{change.number}",
        into=change.target,
        base=preview.base,
        head=preview.head,
        tree=preview.merged.tree,
        method=change.method,
        message=merge_message(change),
        author=change.merged_by,
        at=change.merge_requested_at,
        change=change.number,
    )


def _deployment(change: Change, merged: Revision, by: Actor, at: datetime) -> Deployment:
    return Deployment(
        id="",
        environment=Environment.STAGING,
        kind=DeploymentKind.DEPLOY,
        revision=merged,
        state=DeploymentState.QUEUED,
        why=deployment_words.merged(change.number, change.title),
        requested_by=by.name,
        requested_at=at,
        change=change.number,
        urgent=change.is_hotfix,
    )


def _release_merged(tx: Transaction, tag: str, merged: Revision) -> None:
    release = tx.releases.get(tag)
    if release is not None and release.state is ReleaseState.PROPOSED:
        tx.releases.update(replace(release, state=ReleaseState.MERGED, revision=merged), release)


def give_up(ports: Ports, change: Change, why: str) -> None:
    with ports.store.transaction() as tx:
        free = replace(change, method=None, merged_by=None, merge_requested_at=None)
        tx.changes.update(free, change)
        tx.audit(Actor(change.merged_by or ""), "merge given up", changes.subject_of(change), why)
        if change.merged_by and change.merge_requested_at:
            news, step = notices.merge_given_up(change, why), f"merge of {change.merge_requested_at.isoformat()}"
            telling.tell(tx, Event.MERGE_GIVEN_UP, changes.subject_of(change), news, [change.merged_by], step)
    ahead.let_go(ports)


def _bypasses_gone(ports: Ports, change: Change, decision: Decision, by: Actor) -> bool:
    """Use up what the merge relies on; True where somebody withdrew or used it at this moment. Those of a release go
    on with it, to its deployment."""
    if change.is_release or change.goes_alone:
        return False
    return not bypassing.used_up(ports, decision, by)


def acting(ports: Ports, name: str | None) -> Actor:
    """Somebody who asked for it earlier: the right was judged then."""
    policy = policy_in_force(ports)
    roles = policy.roles_of(name or "") if policy else frozenset()
    return Actor(name or "", roles=roles | {"admin"})
