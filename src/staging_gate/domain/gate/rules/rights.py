"""Who may do what at all."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy

RIGHTS: dict[Action, tuple[str, ...]] = {
    Action.PUBLISH: ("tech_lead", "devops", "admin"),
    Action.DEPLOY: ("tech_lead", "devops", "on_call", "admin"),
    Action.ROLL_BACK: ("tech_lead", "devops", "on_call", "admin"),
    Action.HOLD: ("tech_lead", "devops", "on_call", "admin"),
    Action.RESOLVE: ("tech_lead", "devops", "on_call", "admin"),
}
"""Deploying again concerns production only: staging is everybody's."""


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    roles = RIGHTS.get(action)
    if action is Action.DEPLOY and facts.environment is Environment.STAGING:
        return None
    if roles is None or actor.has_any(*roles) or actor.kind in ("system", "calendar"):
        return None
    if facts.incident is not None and facts.incident.opened_by == actor.name:
        return None
    wanted = " or ".join(roles)
    return Reason(
        "no_right",
        f"{actor.name} may not {action.replace('_', ' ')}: that needs the role {wanted}.",
        f"Ask somebody with the role {wanted}, or have gate.yaml give it to {actor.name} (`roles:`).",
        (f"roles of {actor.name}: {', '.join(sorted(actor.roles)) or 'none'}",),
    )
