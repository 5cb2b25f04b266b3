"""In connected mode people work with pull requests at the code host: each is a change here, under the same number.

Whatever a webhook says, the code host is asked. So a hint that is lost, doubled, late or out of order changes nothing.
"""

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.environment import Environment
from staging_gate.domain.hotfix import LABELS
from staging_gate.domain.policy import MergeMethod, Policy
from staging_gate.domain.pull_request import Heard, PullRequest, PullState
from staging_gate.domain.release import ReleaseState
from staging_gate.domain.revision import Revision
from staging_gate.messages import pull_requests as words
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused
from staging_gate.ports.policy import PolicyProblems
from staging_gate.ports.store import Stale, Transaction
from staging_gate.runbook import changes, deciding, hearing_opinions, voiding
from staging_gate.runbook.approvals_of import counting
from staging_gate.runbook.hotfix_facts import is_hotfix
from staging_gate.runbook.policy import MAIN, policy_at, policy_in_force
from staging_gate.runbook.queue import MERGE_CHANGE

log = logging.getLogger(__name__)

READ_AGAIN_AFTER = timedelta(minutes=2)
"""Checks and reviews move without the list of pull requests showing it; hints come sooner."""

AT_THE_HOST, BEHIND_OUR_BACK = "merged at the code host", "merged behind our back"


def follow(ports: Ports, anew: bool = False) -> None:
    """See all pull requests as they are. `anew`: read each, because somebody told us of something."""
    host = ports.pull_requests
    if host is None:
        return
    listed = host.open_ones()
    with ports.store.reading() as tx:
        known = {change.number for change in tx.changes.open()}
        heard = {pull.number: tx.pull_requests.get(pull.number) for pull in listed}
    policy, at = policy_in_force(ports), ports.clock.now()
    for pull in listed:
        if pull.number not in known and not _concerns_us(ports, policy, pull):
            continue
        if anew or pull.number not in known or _is_old(heard[pull.number], pull, at - READ_AGAIN_AFTER):
            _look(ports, pull.number)
    for number in sorted(known - {pull.number for pull in listed}):
        _look(ports, number)


def look(ports: Ports, number: int) -> None:
    """Read one pull request now, before anything is done about its change. Raises Unavailable: then nothing is done."""
    if ports.pull_requests is not None:
        at = ports.clock.now()
        pull = ports.pull_requests.read(number)
        if pull is not None:
            with suppress(Stale):  # whoever was faster saw as much, or is acting on it
                _take(ports, Heard(at, pull))


def _look(ports: Ports, number: int) -> None:
    """One that the code host refuses to show does not keep us from the others."""
    try:
        look(ports, number)
    except Refused as refused:
        log.warning("pull request %s: %s", number, refused.message)


def _is_old(heard: Heard | None, listed: PullRequest, before: datetime) -> bool:
    return heard is None or heard.at <= before or heard.pull.without_details() != listed


def _take(ports: Ports, heard: Heard) -> None:
    pull, policy = heard.pull, policy_in_force(ports)
    with ports.store.reading() as tx:
        change = tx.changes.get(pull.number)
    concerns_us = _concerns_us(ports, policy, pull)
    if change is None and (not pull.is_open or not concerns_us):
        return
    if change is not None and change.source != pull.branch:
        log.warning("change %s is not pull request %s: it comes from another branch", change.number, pull.number)
        return
    if change is None:
        _adopt(ports, policy, pull)
    elif not change.is_being_merged:
        if change.is_open and pull.state is PullState.MERGED:
            _hear_what_was_said_before(ports, heard)
        _follow(ports, change, pull, concerns_us)
    with ports.store.transaction() as tx:
        tx.pull_requests.put(heard)
    changes.refresh(ports, pull.number)
    hearing_opinions.count(ports, pull)


def _hear_what_was_said_before(ports: Ports, heard: Heard) -> None:
    """Reviews of which nobody told us in time stood in the way of the merge, or let it through."""
    with ports.store.transaction() as tx:
        earlier = tx.pull_requests.get(heard.pull.number)
        before = heard.pull.before_it_was_merged(earlier.pull if earlier else None)
        tx.pull_requests.put(Heard(heard.at, before))
    hearing_opinions.count(ports, before)


def _concerns_us(ports: Ports, policy: Policy | None, pull: PullRequest) -> bool:
    """Whether it goes to a branch that an environment follows; before there are rules, whether it brings them."""
    if policy is not None:
        return policy.lane_of_branch(pull.target) is not None
    if pull.target != MAIN or pull.fork:
        return False
    try:
        return policy_at(ports, pull.source) is not None
    except PolicyProblems:
        return True


def _adopt(ports: Ports, policy: Policy | None, pull: PullRequest) -> None:
    """Somebody opened it at the code host. It is there: the gate judges it when it is to be merged."""
    head = Revision(pull.head, "") if pull.fork else ports.code_host.revision(pull.head)
    if head is None:
        return  # git shows it in a moment
    urgent = None
    if not pull.fork and is_hotfix(policy, pull.source, pull.target):
        urgent = changes.one_line(pull.description)
    author = policy.person(pull.author) if policy else pull.author
    pusher = None if pull.fork else changes.pusher(ports, pull.source, head)
    with ports.store.transaction() as tx:
        change = Change(
            number=pull.number,
            title=changes.one_line(pull.title) or pull.branch,
            source=pull.branch,
            target=pull.target,
            author=author,
            head=head,
            opened_at=tx.at,
            description=pull.description,
            labels=pull.labels if urgent is None else tuple(dict.fromkeys((*pull.labels, *LABELS))),
            last_pusher=pusher,
            hotfix_reason=urgent,
            reviewers=() if urgent is None else changes.paged(policy, (author, pusher)),
        )
        tx.changes.add(change)
        way = f"{change.source} -> {change.target}"
        tx.audit(Actor(author), "change opened", changes.subject_of(change), way, head=pull.head, at=pull.address)
        if urgent is not None:
            changes.page_reviewers(tx, change)


def _follow(ports: Ports, change: Change, pull: PullRequest, concerns_us: bool) -> None:
    if pull.state is PullState.MERGED:
        if change.is_open:
            _merged_there(ports, change, pull)
    elif pull.state is PullState.CLOSED:
        if change.is_open:
            changes.ended(ports, change, _who(ports, pull.ended_by), words.closed_there(pull))
    elif not concerns_us:
        if change.is_open:
            changes.ended(ports, change, SYSTEM, words.goes_nowhere(pull))
    elif change.state is not ChangeState.MERGED:
        _as_it_is_there(ports, change, pull)


def _as_it_is_there(ports: Ports, change: Change, pull: PullRequest) -> None:
    now = replace(
        change,
        title=changes.one_line(pull.title) or change.title,
        description=pull.description,
        labels=pull.labels,
        target=pull.target,
        state=ChangeState.OPEN,
        head=Revision(pull.head, "") if pull.fork else change.head,
    )
    if change.hotfix_reason == "":
        now = replace(now, hotfix_reason=changes.one_line(pull.description))
    if not change.is_open:
        now = replace(now, release=None, merge_wanted_at=None, merge_wanted_by=None, merge_wanted_method=None)
    if change.target != pull.target:
        urgent = is_hotfix(policy_in_force(ports), pull.source, pull.target) and not pull.fork
        reason = changes.one_line(pull.description) if urgent else None
        now = replace(now, preview=None, hotfix_reason=reason, release=None, merge_wanted_at=None)
    if now == change:
        return
    with ports.store.transaction() as tx:
        tx.changes.update(now, change)
        if not change.is_open:
            tx.audit(SYSTEM, "change reopened", changes.subject_of(change), words.at_the_host(pull))
        if change.target != now.target:
            voiding.void_approvals(tx, now, words.retargeted(change, now), only_same_code=False)
            tx.audit(SYSTEM, "change retargeted", changes.subject_of(change), words.retargeted(change, now))
        if (change.title, change.description) != (now.title, now.description):
            tx.audit(SYSTEM, "change edited", changes.subject_of(change), now.title)
        if change.labels != now.labels:
            tx.audit(SYSTEM, "labels changed", changes.subject_of(change), ", ".join(now.labels))


def _merged_there(ports: Ports, change: Change, pull: PullRequest) -> None:
    """Somebody merged it at the code host. Where the gate was open, that is one of the ways to merge."""
    merged = ports.code_host.revision(pull.merged) if pull.merged else None
    if merged is None:
        return  # the gate says that it is not known which commit
    by, how = _who(ports, pull.ended_by), replace(change, method=_method(ports, change, merged))
    if _as_expected(change, merged) and deciding.on_merging(ports, change, how.method, by).open:
        _go_on(ports, change, how, pull, by)
    else:
        _behind_our_back(ports, change, how, pull, merged, by)


def _as_expected(change: Change, merged: Revision) -> bool:
    """Not by what was proved: of a hotfix that is its own head, wherever main is."""
    expected = change.preview.merged if change.preview else None
    return expected is not None and merged.tree == expected.tree


def _method(ports: Ports, change: Change, merged: Revision) -> MergeMethod | None:
    """A merge commit has two parents. To rebase is as bad as to squash: what is there is not what was proved. None
    where there was nothing to be merged, by all that we know."""
    made = ports.code_host.commits(change.preview.base, merged.commit) if change.preview else []
    if not made:
        return None
    return MergeMethod.MERGE if len(made[0].parents) > 1 else MergeMethod.SQUASH


def _go_on(ports: Ports, change: Change, how: Change, pull: PullRequest, by: Actor) -> None:
    """As if it had been asked for here: the run finds it merged already."""
    with ports.store.transaction() as tx:
        going = replace(how, merged_by=by.name, merge_requested_at=tx.at)
        tx.changes.update(going, change)
        tx.audit(by, AT_THE_HOST, changes.subject_of(change), words.at_the_host(pull))
        tx.start(MERGE_CHANGE, str(change.number), key=f"merge-{change.number}-{tx.at:%Y%m%d%H%M%S%f}")


def _behind_our_back(ports: Ports, change: Change, how: Change, pull: PullRequest, merged: Revision, by: Actor) -> None:
    """The gate would not have let it through. Nothing is deployed or released of it by itself."""
    said, expected = words.merged_behind_our_back(change, pull), _as_expected(change, merged)
    policy = policy_in_force(ports)
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.STAGING)
        ended = replace(how, state=ChangeState.MERGED, merged=merged, merged_at=tx.at, merged_by=by.name)
        done = replace(ended, counted=counting(tx, policy, change))
        tx.changes.update(done, change)
        subject = changes.subject_of(change)
        tx.audit(by, BEHIND_OUR_BACK, subject, said, commit=merged.commit, tree=merged.tree, as_expected=expected)
        _release_merged(tx, done)
    log.warning("%s", said)


def _release_merged(tx: Transaction, change: Change) -> None:
    release = tx.releases.get(change.release) if change.release else None
    if release is not None and release.state is ReleaseState.PROPOSED:
        tx.releases.update(replace(release, state=ReleaseState.MERGED, revision=change.merged), release)


def _who(ports: Ports, login: str | None) -> Actor:
    policy = policy_in_force(ports)
    if login is None or policy is None:
        return SYSTEM if login is None else Actor(login)
    person = policy.person(login)
    return Actor(person, roles=policy.roles_of(person))
