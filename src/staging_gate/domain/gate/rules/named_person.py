"""What was stopped is let go by a person, by name: nothing lifts itself."""

from datetime import datetime

from staging_gate.domain.actor import Actor, ActorKind
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    if actor.kind not in (ActorKind.SYSTEM, ActorKind.CALENDAR):
        return None
    return Reason(
        "needs_a_person",
        f"{actor.name} is no person: holds and quarantines are lifted by name.",
        "Somebody who may do it says why: `gate hold lift ID --reason ...`, `gate release lift TAG --reason ...`.",
    )
