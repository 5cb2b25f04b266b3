"""A broken gate.yaml never comes into force."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    if not facts.policy_problems:
        return None
    count = len(facts.policy_problems)
    return Reason(
        "policy_broken",
        f"The gate.yaml of this change has {count} {'problem' if count == 1 else 'problems'}.",
        "Mend gate.yaml and push; `gate policy check FILE` says the same on your machine.",
        facts.policy_problems,
    )
