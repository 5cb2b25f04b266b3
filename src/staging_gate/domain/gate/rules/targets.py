"""What can not work is not begun."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    if not facts.target_problems:
        return None
    return Reason(
        "target_unreachable",
        f"{facts.environment.capitalize()} can not be deployed to now: {facts.target_problems[0]}",
        "Mend what is named; `gate doctor` checks it again.",
        facts.target_problems,
    )
