"""Enough people other than the author said yes to exactly this code under these rules; one person counts once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.assigning import assign
from staging_gate.domain.change import Change
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.gate.rules.opinions import not_counted
from staging_gate.domain.policy import Policy


@dataclass(frozen=True)
class Tally:
    """How the approvals of a change are counted: who fills which place, and how many are lacking as what."""

    lacking: dict[str, int]
    counted: frozenset[tuple[str, str]]

    def elsewhere_said(self, approval: Approval) -> str | None:
        """Why an approval fills no place though one is lacking: its giver counts in another role. Else None."""
        if (approval.by, approval.role) in self.counted or approval.role not in self.lacking:
            return None
        other = next((role for by, role in self.counted if by == approval.by), None)
        return f"{approval.by} counts as {other} already" if other else None


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if policy is None or change is None or change.goes_alone:
        return None
    tally = count(policy, change, facts.approvals, at, bool(facts.proof_touched))
    if not tally.lacking:
        return None
    said = ", ".join(f"{count} more as {role}" for role, count in tally.lacking.items())
    return Reason(
        "approvals_missing",
        f"Approvals are missing: {said}; the author's own never counts.",
        " ".join(_who(policy, role, change, tally) for role in tally.lacking),
        tuple(evidence(approval, change, policy, at, tally) for approval in facts.approvals)
        + not_counted(policy, change, facts),
    )


def count(
    policy: Policy, change: Change, approvals: Iterable[Approval], at: datetime, alters_proof: bool = False
) -> Tally:
    """Each person fills one place. Whoever gave approvals in several roles fills the one where nobody else can."""
    lane = policy.lane_of_branch(change.target)
    wanted = dict(lane.approvals) if lane else {}
    if alters_proof:
        wanted["tech_lead"] = max(1, wanted.get("tech_lead", 0))
    places = [role for role, number in wanted.items() for _ in range(number)]
    counting = [approval for approval in approvals if why_not(approval, change, policy, at) is None]
    able = {role: [one.by for one in counting if one.role == role] for role in wanted}
    filled = assign(places, able)
    lacking = Counter(role for place, role in enumerate(places) if place not in filled)
    return Tally(dict(lacking), frozenset((who, places[place]) for place, who in filled.items()))


def why_not(approval: Approval, change: Change, policy: Policy, at: datetime) -> str | None:
    """Why an approval does not count; None when it does."""
    if approval.withdrawn_at is not None:
        return "withdrawn"
    if approval.by in (change.author, change.last_pusher):
        return "by the author"
    if approval.tree != change.head.tree:
        return "given to other code"
    if approval.migrations != change.migrations:
        return "given before other migrations came from the branch it goes to"
    if approval.policy_hash != policy.hash:
        return "given under other rules"
    if approval.by not in holders(policy, approval.role):
        return f"{approval.by} has not the role {approval.role}"
    lane = policy.lane_of_branch(change.target)
    if lane is not None and approval.at + lane.approvals_expire <= at:
        return f"expired {approval.at + lane.approvals_expire:%a %Y-%m-%d %H:%M} UTC"
    return None


def evidence(approval: Approval, change: Change, policy: Policy, at: datetime, tally: Tally | None = None) -> str:
    why = why_not(approval, change, policy, at) or (tally.elsewhere_said(approval) if tally else None)
    where = " (at the code host)" if approval.source else ""
    return f"{approval.by} as {approval.role}{where}" + (f": does not count, {why}" if why else ": counts")


def holders(policy: Policy, role: str) -> Iterable[str]:
    """Who can approve in this role at all."""
    return policy.people if role == "review" else policy.roles.get(role, ())


def could(policy: Policy, role: str, change: Change, tally: Tally) -> list[str]:
    """Who could still approve in this role, and would count."""
    out = {change.author, change.last_pusher, *(by for by, _ in tally.counted)}
    return [name for name in holders(policy, role) if name not in out]


def _who(policy: Policy, role: str, change: Change, tally: Tally) -> str:
    can = ", ".join(could(policy, role, change, tally))
    can = can or f"somebody else with the role {role}, whom gate.yaml does not name yet"
    flag = "" if role == "review" else f" --as {role}"
    return f"As {role}: {can} (`gate approve {change.number}{flag}`)."
