"""Without rules in force only the change that brings the first ones may pass."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    if policy is not None or facts.adds_policy:
        return None
    return Reason(
        "no_policy",
        "main has no gate.yaml yet, so there are no rules to judge by.",
        "Merge a change to main that adds a valid gate.yaml first: `gate init` writes one.",
    )
