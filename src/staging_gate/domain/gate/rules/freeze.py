"""A freeze or a public holiday stops what would change an environment, whatever its windows say.

It concerns an action of an actor: rollbacks never, a hotfix not where a person wrote down why it can not wait, and what
the calendar starts by itself always.
"""

from datetime import datetime

from staging_gate.domain.actor import Actor, ActorKind
from staging_gate.domain.calendar import Calendar, Kind, Occurrence, closures, next_opening, spoken
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.gate.rules.window import BYPASS, opens_when
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    if policy is None or not _concerned(facts, action) or _passes(facts, actor):
        return None
    calendar, environment = policy.calendar, facts.environment
    closed = closures(calendar, environment, at)
    if not closed:
        return None
    opens = next_opening(calendar, environment, at)
    return Reason(
        closed[0].kind.value,
        _sentence(calendar, environment, closed[0]),
        _opens_when(calendar, facts, opens),
        tuple(_evidence(calendar, each) for each in closed),
        until=opens,
        bypass=() if actor.kind is ActorKind.CALENDAR else BYPASS,
    )


def _concerned(facts: Facts, action: Action) -> bool:
    """Staging changes when something is merged, production when a release is published or deployed: to merge its
    change deploys nothing, and what is live there already has no release to judge."""
    if action in (Action.PUBLISH, Action.DEPLOY):
        return facts.release is not None
    return facts.environment is Environment.STAGING


def _passes(facts: Facts, actor: Actor) -> bool:
    reason = facts.release.hotfix_reason if facts.release else None
    return bool(reason) and actor.kind is not ActorKind.CALENDAR


def _sentence(calendar: Calendar, environment: Environment, closed: Occurrence) -> str:
    until = spoken(closed.ends_at, calendar.time_zone)
    if closed.kind is Kind.HOLIDAY:
        return f"{environment.capitalize()} is closed until {until}: it is {closed.title}."
    return f"{environment.capitalize()} is frozen until {until}: {closed.title}."


def _opens_when(calendar: Calendar, facts: Facts, opens: datetime | None) -> str:
    if facts.change is None or facts.environment is Environment.PRODUCTION or opens is None:
        return opens_when(calendar, opens)
    said = f"It opens on {spoken(opens, calendar.time_zone)}"
    return f"{said}: `gate change merge {facts.change.number} --when-ready` merges it then by itself."


def _evidence(calendar: Calendar, closed: Occurrence) -> str:
    begins, ends = (spoken(at, calendar.time_zone) for at in (closed.starts_at, closed.ends_at))
    return f"{closed.kind}: {closed.title}, from {begins} until {ends}"
