"""Reviews at the code host are approvals here: judged by the same gate, bound to the same code, migrations and rules.

Each review makes an approval once in each role. What voids that approval later is not undone by reading the same
review again: somebody has to look again.
"""

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change
from staging_gate.domain.gate.rules.approvals import holders
from staging_gate.domain.hotfix import ROLES
from staging_gate.domain.policy import Policy
from staging_gate.domain.pull_request import Opinion, PullRequest, Word
from staging_gate.ports import Ports
from staging_gate.ports.store import Stale
from staging_gate.runbook import changes, deciding, facts, urgency, voiding
from staging_gate.runbook.policy import policy_in_force


def count(ports: Ports, pull: PullRequest) -> None:
    """Make approvals of the approving reviews that count, and withdraw those whose review stands no more."""
    policy, change = policy_in_force(ports), changes.find(ports, pull.number)
    if policy is None or change is None or not change.is_open or change.is_from_fork or pull.opinions is None:
        return
    approving = [one for one in pull.opinions if one.word is Word.APPROVED and one.is_person]
    with ports.store.reading() as tx:
        given = [approval for approval in tx.approvals.of_change(change.number) if approval.source]
    wanted = {id: each for one in approving for id, each in _approvals(ports, policy, change, one).items()}
    known = {approval.id for approval in given}
    standing = tuple(f"-at-{one.key}" for one in approving)
    gone = [one for one in given if one.withdrawn_at is None and not one.id.endswith(standing)]
    new = [each for id, each in wanted.items() if id not in known and _lets(ports, policy, change, each)]
    if gone or new:
        _write(ports, change, gone, new)


def _approvals(ports: Ports, policy: Policy, change: Change, opinion: Opinion) -> dict[str, Approval]:
    """Those that it would make, by their ids."""
    person = policy.person(opinion.person)
    if person not in policy.people or not _is_of(ports, change, opinion):
        return {}
    roles = [role for role in _roles(ports, policy, change) if person in holders(policy, role)]
    at = opinion.at or ports.clock.now()
    made = [
        Approval(
            id=f"{change.number}-{role}-{person}-at-{opinion.key}",
            change=change.number,
            role=role,
            by=person,
            at=at,
            tree=change.head.tree,
            policy_hash=policy.hash,
            comment="",
            migrations=change.migrations,
            source=opinion.address or "the code host",
        )
        for role in roles
    ]
    return {approval.id: approval for approval in made}


def _is_of(ports: Ports, change: Change, opinion: Opinion) -> bool:
    """Whether it was said of the present code."""
    if opinion.commit is None or opinion.commit == change.head.commit:
        return opinion.commit is not None
    seen = ports.code_host.revision(opinion.commit)
    return seen is not None and voiding.is_the_same_said_again(ports, seen, change.head)


def _roles(ports: Ports, policy: Policy, change: Change) -> tuple[str, ...]:
    """The roles that are asked for."""
    lane = policy.lane_of_branch(change.target)
    wanted = list(lane.approvals) if lane else []
    if change.goes_alone:
        wanted = list(ROLES)
    if facts.of_change(ports, policy, change).proof_touched:
        wanted.append("tech_lead")
    return tuple(dict.fromkeys(wanted))


def _lets(ports: Ports, policy: Policy, change: Change, approval: Approval) -> bool:
    by = Actor(approval.by, roles=policy.roles_of(approval.by))
    return deciding.on_approving(ports, change, approval.role, by).open


def _write(ports: Ports, change: Change, gone: list[Approval], new: list[Approval]) -> None:
    with ports.store.transaction() as tx:
        now = tx.changes.get(change.number)
        if now is None or (now.head, now.migrations) != (change.head, change.migrations):
            raise Stale(f"Change {change.number} moved at this moment: its reviews are read again.")
        for approval in gone:
            tx.approvals.withdraw(approval.id, tx.at)
            why = "its review at the code host stands no more"
            tx.audit(SYSTEM, "approval withdrawn", changes.subject_of(change), why, role=approval.role, of=approval.by)
        for approval in new:
            tx.approvals.add(approval)
            said = f"in a review at the code host ({approval.source})"
            tx.audit(
                Actor(approval.by), f"approved as {approval.role}", changes.subject_of(change), said, tree=approval.tree
            )
        if new:
            urgency.ask_for_proof(tx, now)
