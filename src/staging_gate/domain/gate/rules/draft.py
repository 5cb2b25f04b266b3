"""A draft is not ready, by its author's own word."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change, heard = facts.change, facts.pull_request
    if change is None or heard is None or not heard.pull.draft:
        return None
    return Reason(
        "draft",
        f"Pull request {change.number} is a draft.",
        "Mark it as ready for review at the code host.",
        (heard.pull.address,) if heard.pull.address else (),
    )
