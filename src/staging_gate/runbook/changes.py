"""Procedure 1, its first half: a change is opened, looked at, approved, tried in staging."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change, ChangeState, MergePreview, Tested
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Decision
from staging_gate.domain.gate.rules.approvals import why_not
from staging_gate.domain.hotfix import LABELS, ROLES
from staging_gate.domain.notification import Event
from staging_gate.domain.policy import Policy
from staging_gate.domain.pull_request import PullState
from staging_gate.domain.release import ReleaseState
from staging_gate.domain.revision import Revision
from staging_gate.messages import approvals as words
from staging_gate.messages import notifications as notices
from staging_gate.messages import pull_requests as pull_request_words
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused
from staging_gate.ports.policy import PolicyProblems
from staging_gate.ports.pull_requests import PullRequestOrder
from staging_gate.ports.store import Stale, Transaction
from staging_gate.runbook import checking, deciding, opening, telling, urgency, voiding
from staging_gate.runbook.hotfix_facts import is_hotfix
from staging_gate.runbook.migrations import migration_set
from staging_gate.runbook.policy import policy_at, policy_in_force

log = logging.getLogger(__name__)


class Unknown(LookupError):
    """What was named is not there. The text says what was looked for and how to find the right one."""


class Unusable(ValueError):
    """What was asked can not be done so; the text says why and what to do instead."""


def open_change(
    ports: Ports,
    source: str,
    target: str,
    by: Actor,
    title: str | None = None,
    description: str = "",
    labels: Sequence[str] = (),
    release: str | None = None,
    reason: str = "",
) -> Change:
    """Ask for `source` to be merged into `target`. Its checks start at once. A hotfix to production needs the `reason`
    why it is urgent. Raises Closed, Unknown, Unusable."""
    _refuse_release_without_tag(ports, source, target, release)
    adds_policy = _brings_first_policy(ports, source, target)
    deciding.through(deciding.on_opening(ports, source, target, adds_policy, by))
    urgent = _why_urgent(ports, source, target, adds_policy, reason)
    head, base = _branch(ports, source), _branch(ports, target)
    with ports.store.reading() as tx:
        same = tx.changes.find_open(source, target)
    if same is not None and (release is None or same.is_release):
        raise Unusable(
            f"Change {same.number} from {source} to {target} is open already: push to {source} to add to it."
        )
    if ports.code_host.is_ancestor(head.commit, base.commit):
        raise Unusable(f"{source} holds nothing that {target} lacks: commit and push something first.")
    ports.code_host.preview_merge(base.commit, head.commit)
    subject = ports.code_host.commits(base.commit, head.commit)
    named = one_line(title or "") or (one_line(subject[0].subject) if subject else source)
    labelled = tuple(dict.fromkeys((*labels, *(LABELS if urgent else ()))))
    said = description or urgent or ""
    opened = opening.at_host(ports, PullRequestOrder(source, target, named, said), labelled, release)
    pushed_by = pusher(ports, source, head)
    author = opening.author(policy_in_force(ports), opened, by)
    with ports.store.transaction() as tx:
        change = Change(
            number=opened.pull.number if opened else tx.changes.next_number(),
            title=named,
            source=source,
            target=target,
            author=author,
            head=head,
            opened_at=tx.at,
            description=said if opened else description,
            labels=labelled,
            release=release,
            last_pusher=pushed_by,
            hotfix_reason=urgent,
            reviewers=paged(policy_in_force(ports), (author, pushed_by)) if urgent else (),
        )
        _add(tx, change)
        tx.audit(by, "change opened", subject_of(change), f"{source} -> {target}", head=head.commit)
        if urgent:
            page_reviewers(tx, change)
    return refresh(ports, change.number) or change


def refresh(ports: Ports, number: int) -> Change | None:
    """Read the branches again: what merging would give now, who pushed it, and which checks that tree still needs.

    Whoever looks first sees the same, so nobody can be there before the news of his own push.
    """
    change = get(ports, number)
    if not change.is_open or change.is_being_merged or change.is_from_fork:
        return change
    head, base = ports.code_host.revision(change.source), ports.code_host.revision(change.target)
    if head is None or base is None:
        return _close_unless_merged(
            ports, change, f"the branch {change.source if head is None else change.target} is gone"
        )
    try:
        preview = ports.code_host.preview_merge(base.commit, head.commit)
    except Refused as refused:  # a branch that was replaced by a history of its own; others must go on
        return _close_unless_merged(ports, change, refused.message)
    if _is_home(ports, change, head, base):
        return _close_unless_merged(ports, change, f"{change.target} holds all of {change.source}")
    pushed_by = pusher(ports, change.source, head) if head != change.head else None
    same = head == change.head or voiding.is_the_same_said_again(ports, change.head, head)
    migrations = _migrations(ports, change, preview)
    try:
        with ports.store.transaction() as tx:
            now = _moved(tx, change, head, preview, pushed_by, migrations)
            if not same:
                voiding.void_approvals(tx, now, "the same files on another history")
            checking.want(tx, policy_in_force(ports), now)
    except Stale:
        return get(ports, number)  # a push, a merge or the reconciler looked at the same moment, and saw as much
    return now


def look_again(ports: Ports, named: str) -> None:
    """Before anything is told about a change (`12`), or a release that has one: see what acting would see, also what
    somebody pushed behind our back. Nothing is done for other names."""
    with ports.store.reading() as tx:
        release = tx.releases.get(named)
    number = release.change if release else named.removeprefix("#")
    with suppress(Unknown):
        if str(number).isdecimal() and len(str(number)) < 10:
            refresh(ports, int(number or 0))


def refresh_all(ports: Ports, branches: Sequence[str]) -> None:
    """After a push or a merge: every open change from or to one of these branches is looked at again."""
    with ports.store.reading() as tx:
        touched = [c for c in tx.changes.open() if c.source in branches or c.target in branches]
    for change in touched:
        refresh(ports, change.number)


def approve(
    ports: Ports, number: int, role: str, by: Actor, comment: str = "", looked_at: str | None = None
) -> Approval:
    """Say yes to the present code of a change, in a role. Raises Closed; Unusable where that is not the commit that
    was `looked_at`: what is pushed between a look and a yes was seen by nobody."""
    change = get(ports, number)
    if looked_at is not None and not change.head.commit.startswith(looked_at):
        raise Unusable(
            f"Change {number} is at {change.head.short} now, not at {looked_at[:10]}: look at it again, then approve."
        )
    deciding.through(deciding.on_approving(ports, change, role, by))
    policy = policy_in_force(ports)
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.STAGING)  # a click that was repeated comes at the same moment
        now = tx.changes.get(number)
        if now is None or (now.head, now.migrations) != (change.head, change.migrations):
            raise Stale(f"Change {number} moved at this moment: look at it again.")
        approval = Approval(
            id=f"{number}-{role}-{by.name}-{tx.at:%Y%m%d%H%M%S%f}",
            change=number,
            role=role,
            by=by.name,
            at=tx.at,
            tree=change.head.tree,
            policy_hash=policy.hash if policy else "",
            comment=comment,
            migrations=change.migrations,
        )
        same = [a for a in tx.approvals.of_change(number) if (a.by, a.role) == (by.name, role)]
        if policy and same and why_not(same[-1], now, policy, tx.at) is None:
            return same[-1]  # said already, and it counts
        tx.approvals.add(approval)
        urgency.ask_for_proof(tx, now)
        telling.over(tx, subject_of(change), by)
        tx.audit(by, f"approved as {role}", subject_of(change), comment, tree=approval.tree)
    return approval


def withdraw_approval(ports: Ports, number: int, by: Actor) -> int:
    """Take one's own approvals of an open change back; returns how many there were. Raises Unusable afterwards."""
    change = get(ports, number)
    if not change.is_open:
        raise Unusable(words.too_late_to_withdraw(change))
    with ports.store.transaction() as tx:
        mine = [a for a in tx.approvals.of_change(number) if a.by == by.name and a.withdrawn_at is None]
        for approval in mine:
            tx.approvals.withdraw(approval.id, tx.at)
            tx.audit(by, "approval withdrawn", subject_of(change), role=approval.role)
    return len(mine)


def mark_tested(ports: Ports, number: int, by: Actor, note: str = "") -> Tested:
    """A person's word that a merged change was tried in staging. Raises Closed, and Unusable before it is there."""
    change = get(ports, number)
    deciding.through(deciding.on_taking_part(ports, subject_of(change), by))
    if change.state is not ChangeState.MERGED or change.merged is None:
        raise Unusable(f"Change {number} is {change.state}: it can be tried in staging once it is merged.")
    with ports.store.reading() as tx:
        live = tx.deployments.live(Environment.STAGING)
    if live is None or not ports.code_host.is_ancestor(change.merged.commit, live.revision.commit):
        raise Unusable(f"Change {number} is not in staging yet: `gate status` shows what staging runs.")
    with ports.store.transaction() as tx:
        tested = Tested(number, by.name, tx.at, change.merged.tree, note)
        tx.changes.add_tested(tested)
        tx.audit(by, "tested in staging", subject_of(change), note)
    return tested


def label(ports: Ports, number: int, add: Sequence[str], remove: Sequence[str], by: Actor) -> Change:
    """Raises Closed."""
    change = get(ports, number)
    deciding.through(deciding.on_taking_part(ports, subject_of(change), by))
    labels = tuple(dict.fromkeys(name for name in (*change.labels, *add) if name not in remove))
    if ports.pull_requests is not None:
        ports.pull_requests.label(number, [name for name in labels if name in add], remove)
    with ports.store.transaction() as tx:
        now = replace(change, labels=labels)
        tx.changes.update(now, change)
        tx.audit(by, "labels changed", subject_of(change), ", ".join(labels))
    return now


def close(ports: Ports, number: int, by: Actor, why: str = "") -> Change:
    """Close a change without merging it; the release that it carries is withdrawn with it. Raises Closed, Unusable."""
    change = get(ports, number)
    deciding.through(_on_closing(ports, change, by))
    if not change.is_open:
        return change
    if change.is_being_merged:
        raise Unusable(f"{change.merged_by} is merging change {number}: it can not be closed now.")
    if ports.pull_requests is not None and ports.pull_requests.close(number) is PullState.MERGED:
        raise Unusable(pull_request_words.merged_meanwhile(number))
    return ended(ports, change, by, why)


def ended(ports: Ports, change: Change, by: Actor, why: str) -> Change:
    """Record that a change was closed without being merged, and that the release which it carries is withdrawn."""
    with ports.store.transaction() as tx:
        closed = replace(change, state=ChangeState.CLOSED)
        tx.changes.update(closed, change)
        tx.audit(by, "change closed", subject_of(change), why)
        telling.over(tx, subject_of(change), by)
        release = tx.releases.get(change.release) if change.release else None
        if release is not None and release.state is ReleaseState.PROPOSED:
            tx.releases.update(replace(release, state=ReleaseState.WITHDRAWN, ended_at=tx.at), release)
            tx.audit(by, "release withdrawn", release.tag, f"its change {change.number} was closed")
    return closed


def find(ports: Ports, number: int) -> Change | None:
    with ports.store.reading() as tx:
        return tx.changes.get(number)


def pusher(ports: Ports, branch: str, head: Revision) -> str | None:
    """Who pushed it, as gate.yaml writes the name."""
    policy, login = policy_in_force(ports), ports.code_host.pusher(branch, head.commit)
    return policy.person(login) if policy and login else login


def paged(policy: Policy | None, authors: Sequence[str | None]) -> tuple[str, ...]:
    """Who may approve a hotfix."""
    people = [name for role in ROLES for name in policy.roles.get(role, ())] if policy else []
    return tuple(dict.fromkeys(name for name in people if name not in authors))


def page_reviewers(tx: Transaction, change: Change) -> None:
    """Of a hotfix, at once."""
    names = ", ".join(change.reviewers) or "nobody may approve it"
    reason = change.hotfix_reason or "it does not say why"
    tx.audit(SYSTEM, "reviewers paged", subject_of(change), reason, reviewers=names)
    log.warning("change %s is a hotfix, for %s: %s", change.number, names, reason)
    telling.tell(tx, Event.HOTFIX_OPENED, subject_of(change), notices.hotfix_opened(change), change.reviewers)


def get(ports: Ports, number: int) -> Change:
    change = find(ports, number)
    if change is None:
        raise Unknown(f"There is no change {number}. `gate change list` shows the open ones.")
    return change


def one_line(text: str) -> str:
    return " ".join(text.split())


def subject_of(change: Change) -> str:
    return f"change {change.number}"


def _on_closing(ports: Ports, change: Change, by: Actor) -> Decision:
    with ports.store.reading() as tx:
        release = tx.releases.get(change.release) if change.release else None
    if release is not None:
        return deciding.on_withdrawing(ports, release, by)
    return deciding.on_taking_part(ports, subject_of(change), by)


def _is_home(ports: Ports, change: Change, head: Revision, base: Revision) -> bool:
    """Whether a back-merge came to staging another way: on a branch where somebody solved its conflicts."""
    policy = policy_in_force(ports)
    if policy is None or change.source != policy.production.branch:
        return False
    return ports.code_host.is_ancestor(head.commit, base.commit)


def _migrations(ports: Ports, change: Change, preview: MergePreview) -> str:
    """What merging would give; as it was, where nothing moved or it does not merge."""
    if preview == change.preview or preview.merged is None:
        return change.migrations
    return migration_set(ports, policy_in_force(ports), preview.merged.commit)


def _moved(
    tx: Transaction, change: Change, head: Revision, preview: MergePreview, pusher: str | None, migrations: str
) -> Change:
    if change.head == head and change.preview == preview:
        return change
    last_pusher = pusher or change.last_pusher
    now = replace(change, head=head, preview=preview, last_pusher=last_pusher, migrations=migrations)
    tx.changes.update(now, change)
    if head.commit != change.head.commit:
        by = Actor(pusher) if pusher else SYSTEM
        tx.audit(by, "head moved", subject_of(change), commit=head.commit, same_code=head.tree == change.head.tree)
    return now


def _why_urgent(ports: Ports, source: str, target: str, adds_policy: bool, reason: str) -> str | None:
    """The reason of a hotfix to production; None for every other change. Raises Unusable where it has none."""
    if adds_policy or not is_hotfix(policy_in_force(ports), source, target):
        return None
    if said := one_line(reason):
        return said
    raise Unusable(
        'A hotfix needs its reason in writing: --reason "...". It says why this can not wait for the next release, '
        "goes on the record, and is shown to whoever approves."
    )


def _add(tx: Transaction, change: Change) -> None:
    """A pull request may have been seen already, while we asked for it."""
    seen = tx.changes.get(change.number)
    if seen is None:
        tx.changes.add(change)
    elif (seen.source, seen.target) != (change.source, change.target):
        raise Unusable(pull_request_words.not_ours(change.number))
    else:
        tx.changes.update(replace(change, opened_at=seen.opened_at), seen)


def _close_unless_merged(ports: Ports, change: Change, why: str) -> Change:
    """A branch is gone too where somebody merged it by hand a moment ago: that is seen when the code host is read."""
    try:
        return close(ports, change.number, SYSTEM, why)
    except Unusable:
        return change


def _branch(ports: Ports, name: str) -> Revision:
    revision = ports.code_host.revision(f"refs/heads/{name}")
    if revision is None:
        known = ", ".join(sorted(ports.code_host.branches())) or "none yet"
        raise Unknown(f"There is no branch {name!r}. Branches: {known}.")
    return revision


def _refuse_release_without_tag(ports: Ports, source: str, target: str, release: str | None) -> None:
    policy = policy_in_force(ports)
    lanes = (policy.staging.branch, policy.production.branch) if policy else None
    if release is None and (source, target) == lanes:
        raise Unusable(f"From {source} to {target} goes a release, with a version and notes: `gate release open`.")


def _brings_first_policy(ports: Ports, source: str, target: str) -> bool:
    if policy_in_force(ports) is not None or target not in ("main",):
        return False
    try:
        return policy_at(ports, source) is not None
    except PolicyProblems:
        return True
