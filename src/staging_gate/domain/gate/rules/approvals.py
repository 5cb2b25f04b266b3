"""Enough people other than the author said yes to exactly this code under these rules."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    lane = policy.lane_of_branch(change.target) if policy and change else None
    if policy is None or change is None or lane is None or change.goes_alone:
        return None
    wanted = dict(lane.approvals)
    if facts.proof_touched:
        wanted["tech_lead"] = max(1, wanted.get("tech_lead", 0))
    counting = [approval for approval in facts.approvals if why_not(approval, change, policy) is None]
    given = {role: {a.by for a in counting if a.role == role} for role in wanted}
    lacking = {role: count - len(given[role]) for role, count in wanted.items() if len(given[role]) < count}
    if not lacking:
        return None
    said = ", ".join(f"{count} more as {role}" for role, count in lacking.items())
    return Reason(
        "approvals_missing",
        f"Approvals are missing: {said}; the author's own never counts.",
        " ".join(_who(policy, role, change) for role in lacking),
        tuple(evidence(approval, change, policy) for approval in facts.approvals),
    )


def why_not(approval: Approval, change: Change, policy: Policy) -> str | None:
    """Why an approval does not count; None when it does."""
    if approval.withdrawn_at is not None:
        return "withdrawn"
    if approval.by in (change.author, change.last_pusher):
        return "by the author"
    if approval.tree != change.head.tree:
        return "given to other code"
    if approval.policy_hash != policy.hash:
        return "given under other rules"
    if approval.by not in (policy.people if approval.role == "review" else policy.roles.get(approval.role, ())):
        return f"{approval.by} has not the role {approval.role}"
    return None


def _who(policy: Policy, role: str, change: Change) -> str:
    people = policy.people if role == "review" else policy.roles.get(role, ())
    names = [name for name in people if name not in (change.author, change.last_pusher)]
    can = ", ".join(names) or f"somebody with the role {role}, whom gate.yaml does not name yet"
    flag = "" if role == "review" else f" --as {role}"
    return f"As {role}: {can} (`gate approve {change.number}{flag}`)."


def evidence(approval: Approval, change: Change, policy: Policy) -> str:
    why = why_not(approval, change, policy)
    return f"{approval.by} as {approval.role}" + (f": does not count, {why}" if why else ": counts")
