"""A hotfix says in writing why it can not wait."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if change is None or change.hotfix_reason != "":
        return None
    return Reason(
        "hotfix_without_reason",
        f"Change {change.number} is a hotfix and does not say why it can not wait for the next release.",
        "Write the reason into the description of its pull request.",
    )
