"""Staging runs what was merged through the gate."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    if policy is None or not facts.unmerged:
        return None
    branch = policy.staging.branch
    return Reason(
        "not_merged",
        f"{facts.unmerged[:10]} is not on {branch}: staging runs what was merged there.",
        f"Merge the change that holds it into {branch}; that deploys it.",
    )
