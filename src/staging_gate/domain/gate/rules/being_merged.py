"""One merges; whoever comes second learns who was first."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if change is None or not change.is_being_merged or change.merged_by == actor.name:
        return None
    return Reason(
        "being_merged",
        f"{change.merged_by} is merging change {change.number} already.",
        f"Wait a moment; `gate change show {change.number}` shows the outcome.",
    )
