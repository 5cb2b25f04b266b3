"""A change with everything that people look at: checks, approvals, what the gate says."""

from dataclasses import dataclass, replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change, Tested
from staging_gate.domain.check import Check, Verdict
from staging_gate.domain.gate import Decision
from staging_gate.domain.gate.rules import checks_passed
from staging_gate.domain.gate.rules.approvals import Tally, could, count, why_not
from staging_gate.domain.policy import Policy
from staging_gate.domain.pull_request import OUR_CHECK, Heard
from staging_gate.domain.revision import Commit
from staging_gate.messages import approvals as words
from staging_gate.messages import pull_requests as said_of_pulls
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.queries import bypasses, hotfixes, migrations
from staging_gate.runbook import changes, deciding
from staging_gate.runbook.approvals_of import approvals_of
from staging_gate.runbook.following_pull_requests import BEHIND_OUR_BACK
from staging_gate.runbook.policy import policy_in_force


@dataclass(frozen=True)
class ShownApproval:
    approval: Approval
    counts: bool
    why_not: str


@dataclass(frozen=True)
class ChangeView:
    """`checks` lists every required one, also the missing. `deployments` are those that brought it to staging.
    `pull_request` is what the code host said last of it, None where nobody works with pull requests. `merged` says who
    merged it, as what and when, `behind_our_back` how it got past the gate; both are None where nobody did."""

    change: Change
    checks: tuple[Check, ...]
    approvals: tuple[ShownApproval, ...]
    tested: tuple[Tested, ...]
    commits: tuple[Commit, ...]
    files: tuple[str, ...]
    decision: Decision | None
    deployments: tuple[str, ...]
    bypasses: tuple[bypasses.ShownBypass, ...]
    hotfix: hotfixes.ShownHotfix | None
    waits: tuple[str, ...]
    migrations: tuple[migrations.ShownReport, ...]
    pull_request: Heard | None
    merged: str | None
    behind_our_back: str | None


def view(ports: Ports, number: int, actor: Actor) -> ChangeView:
    """Raises changes.Unknown."""
    change = changes.get(ports, number)
    policy = policy_in_force(ports)
    base = change.preview.base if change.preview else None
    with ports.store.reading() as tx:
        checks = required_checks(tx, policy, change)
        approvals = _shown(tx, policy, change)
        waits = approvals_waited_for(tx, policy, change)
        tested = tuple(tx.changes.tested([number]))
        deployments = tuple(d.id for d in tx.deployments.of_change(number))
        heard = tx.pull_requests.get(number) if ports.pull_requests else None
        given = bypasses.about(tx, number, change.release)
        past_the_gate = tx.audit_log.about(changes.subject_of(change)) if change.merged else []
        proved = migrations.of_tree(tx, change.merged.tree if change.merged else change.mergeable_tree())
    return ChangeView(
        change=change,
        checks=checks,
        approvals=approvals,
        tested=tested,
        commits=tuple(ports.code_host.commits(base, change.head.commit)) if base else (),
        files=tuple(ports.code_host.changed_files(base, change.head.commit)) if base else (),
        decision=deciding.on_merging(ports, change, None, actor) if change.is_open else None,
        deployments=deployments,
        bypasses=given,
        hotfix=hotfixes.of_change(ports, change),
        waits=waits,
        migrations=proved,
        pull_request=_without_our_own(heard) if heard and not change.is_open else heard,
        merged=said_of_pulls.merged_by(change) if change.merged else None,
        behind_our_back=next((one.reason for one in past_the_gate if one.action == BEHIND_OUR_BACK), None),
    )


def _without_our_own(heard: Heard) -> Heard:
    """Our verdict is about a merge to come."""
    checks = heard.pull.checks
    shown = tuple(check for check in checks if check.name != OUR_CHECK) if checks is not None else None
    return replace(heard, pull=replace(heard.pull, checks=shown))


def diff(ports: Ports, number: int) -> str:
    change = changes.get(ports, number)
    return ports.code_host.diff(change.preview.base, change.head.commit) if change.preview else ""


def required_checks(tx: Transaction, policy: Policy | None, change: Change) -> tuple[Check, ...]:
    asked_for = checks_passed.required(policy, change) if policy else ()
    tree = change.mergeable_tree()
    found = {check.name: check for check in tx.checks.of_tree(tree)} if tree else {}
    names = dict.fromkeys((*asked_for, *found))
    missing = "no result for this tree yet"
    return tuple(
        found.get(name) or Check(tree or "", name, Verdict.MISSING, change.opened_at, missing) for name in names
    )


def approvals_waited_for(tx: Transaction, policy: Policy | None, change: Change) -> tuple[str, ...]:
    """Whose yes an open change still needs by the rules of its branch, one sentence for each role."""
    if policy is None or not change.is_open or change.goes_alone:
        return ()
    tally = count(policy, change, approvals_of(tx, policy, change), tx.at)
    return tuple(_waits(policy, change, tally, role) for role in tally.lacking)


def _waits(policy: Policy, change: Change, tally: Tally, role: str) -> str:
    people = could(policy, role, change, tally)
    return words.waits_for(role, tally.lacking[role], people, [name for name in change.reviewers if name in people])


def _shown(tx: Transaction, policy: Policy | None, change: Change) -> tuple[ShownApproval, ...]:
    given = approvals_of(tx, policy, change)
    if policy is None:
        return tuple(ShownApproval(approval, True, "") for approval in given)
    if change.counted is not None:
        return tuple(_as_merged(one, change.counted) for one in given)
    at = change.merged_at or tx.at
    tally = count(policy, change, given, at)
    why = {one.id: why_not(one, change, policy, at) or tally.elsewhere_said(one) for one in given}
    return tuple(ShownApproval(one, why[one.id] is None, why[one.id] or "") for one in given)


def _as_merged(approval: Approval, counted: tuple[str, ...]) -> ShownApproval:
    """By the rules of that moment: those of today may be others."""
    counts = approval.id in counted
    return ShownApproval(approval, counts, "" if counts else words.DID_NOT_COUNT)
