"""Four eyes: nobody lets code of his own pass, whatever his roles."""

from collections.abc import Iterator
from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    own = tuple(dict.fromkeys(said for name, said in _hands(facts) if name == actor.name))
    if not own:
        return None
    others = [name for name in (policy.roles.get("tech_lead", ()) if policy else ()) if name != actor.name]
    return Reason(
        "own_bypass",
        f"{actor.name} can not bypass the gate for code of {actor.name}'s own.",
        f"Another tech lead decides: {', '.join(others) or 'gate.yaml names no other yet (`roles:`)'}.",
        own,
    )


def _hands(facts: Facts) -> Iterator[tuple[str | None, str]]:
    """Who had a hand in it, and what it was: the change, or the release and every change that it ships."""
    release = facts.release
    if release is not None and release.release is not None:
        yield release.release.created_by, f"opened {release.tag}"
    for change in (facts.change, *(release.included if release else ())):
        if change is not None:
            yield change.author, f"opened change {change.number}: {change.title}"
            yield change.last_pusher, f"pushed the last commit of change {change.number}: {change.title}"
