"""A person stopped promotions. Never asked for rollbacks."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    holds = [hold for hold in facts.holds if hold.environment == facts.environment]
    if not holds:
        return None
    hold = holds[0]
    return Reason(
        "hold",
        f"{hold.by} holds promotions to {hold.environment}: {hold.reason}",
        f'When the reason is gone: `gate hold lift {hold.id} --reason "..."`.',
        tuple(f"{hold.id} by {hold.by} since {hold.at:%Y-%m-%d %H:%M} UTC: {hold.reason}" for hold in holds),
    )
