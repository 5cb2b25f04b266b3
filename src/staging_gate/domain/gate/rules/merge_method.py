"""How a branch may be merged; a release never by squashing."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change, method = facts.change, facts.intent_method
    if policy is None or change is None or method is None:
        return None
    lane = policy.lane_of_branch(change.target)
    if lane is None or method in lane.merge:
        return None
    allowed = " or ".join(lane.merge)
    return Reason(
        "merge_method",
        f"A change to {change.target} is not merged by {method}: its commits must stay what was proved.",
        f"Merge it with `--method {lane.merge[0]}` (allowed: {allowed}).",
    )
