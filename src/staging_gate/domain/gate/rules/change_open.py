"""Only an open change can be approved or merged."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if change is None or change.is_open:
        return None
    return Reason(
        f"change_{change.state}",
        f"Change {change.number} is {change.state} already.",
        "Open a new change for further commits.",
    )
