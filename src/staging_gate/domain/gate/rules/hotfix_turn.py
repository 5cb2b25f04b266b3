"""What a hotfix starts from must not move below it: it waits for what is on its way to production."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    hotfix = facts.hotfix
    if hotfix is None or hotfix.waits_for is None:
        return None
    return Reason(
        "hotfix_waits",
        f"{hotfix.waits_for}: what production runs after that is what a hotfix has to start from.",
        "Wait until it has ended (`gate status`); then this is decided anew.",
    )
