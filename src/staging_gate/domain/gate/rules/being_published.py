"""One publishes; whoever comes second learns who was first."""

from datetime import datetime

from staging_gate.domain.actor import Actor, ActorKind
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release.release if facts.release else None
    if release is None or not release.is_being_published:
        return None
    if actor.kind is ActorKind.CALENDAR or release.published_by == actor.name:
        return None
    return Reason(
        "being_published",
        f"{release.published_by} is publishing {release.tag} already.",
        f"Wait a moment; `gate release show {release.tag}` shows the outcome.",
    )
