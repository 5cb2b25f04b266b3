"""There is one automatic rollback, then a person: what goes back and forth by itself helps nobody."""

from datetime import datetime

from staging_gate.domain.actor import Actor, ActorKind
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    live = facts.live
    if actor.kind not in (ActorKind.SYSTEM, ActorKind.CALENDAR) or live is None or not live.is_rollback:
        return None
    return Reason(
        "rollback_of_a_rollback",
        f"What production runs is a rollback already ({live.id}), and nothing takes a rollback back by itself.",
        "A person decides: `gate rollback TAG --reason ...` goes on to an earlier release.",
        (f"{live.id}: {live.why}",),
    )
