"""Who may approve: not the author, and only in a role that one has."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change, role = facts.change, facts.intent_role or "review"
    if policy is None:
        return None
    if change is not None and actor.name in (change.author, change.last_pusher):
        what = "opened" if actor.name == change.author else "pushed the last commit of"
        return Reason(
            "own_change",
            f"{actor.name} {what} change {change.number} and can not approve it.",
            "Somebody else has to look at it.",
        )
    if role == "review":
        return None if actor.name in policy.people else _stranger(policy, actor)
    if actor.name in policy.roles.get(role, ()):
        return None
    holders = ", ".join(policy.roles.get(role, ()))
    return Reason(
        "not_in_role",
        f"{actor.name} does not have the role {role}.",
        f"Somebody with the role {role} approves: {holders}."
        if holders
        else f"Nobody has the role {role}. The roles of gate.yaml: {', '.join(('review', *policy.roles))}.",
    )


def _stranger(policy: Policy, actor: Actor) -> Reason:
    return Reason(
        "not_in_role",
        f"{actor.name} does not review: gate.yaml does not name {actor.name} among its people.",
        f"Somebody of them approves: {', '.join(policy.people) or 'nobody yet'}.",
    )
