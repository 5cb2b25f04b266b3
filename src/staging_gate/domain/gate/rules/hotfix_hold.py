"""A hotfix is released as soon as it is merged: what holds production closes its merge already."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.gate.rules import hold
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    if facts.change is None or not facts.change.goes_alone:
        return None
    return hold.rule(policy, facts, action, actor, at)
