"""Who may do what at all: the one table of rights."""

from collections.abc import Mapping
from datetime import datetime

from staging_gate.domain.actor import Actor, ActorKind
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy

VIEWER = "viewer"
EVERYBODY: tuple[str, ...] = ()
_OPERATORS = ("tech_lead", "devops", "on_call", "admin")

RIGHTS: Mapping[Action, tuple[str, ...]] = {
    Action.OPEN_CHANGE: EVERYBODY,
    Action.APPROVE: EVERYBODY,
    Action.PROVE: EVERYBODY,
    Action.MERGE: EVERYBODY,
    Action.PROMOTE: EVERYBODY,
    Action.MERGE_WHEN_READY: EVERYBODY,
    Action.BYPASS: ("tech_lead",),
    Action.TAKE_PART: EVERYBODY,
    Action.WITHDRAW: ("tech_lead", "devops", "admin"),
    Action.EDIT: ("tech_lead", "devops", "admin"),
    Action.PUBLISH: ("tech_lead", "devops", "admin"),
    Action.ANNOUNCE: ("tech_lead", "stakeholder", "devops", "admin"),
    Action.MAINTAIN: ("tech_lead", "devops", "admin"),
    Action.PUBLISH_WHEN_READY: ("tech_lead", "devops", "admin"),
    Action.DEPLOY: _OPERATORS,
    Action.CANCEL: _OPERATORS,
    Action.ROLL_BACK: _OPERATORS,
    Action.HOLD: _OPERATORS,
    Action.LIFT: _OPERATORS,
    Action.RESOLVE: _OPERATORS,
}
"""The roles that may; everybody is who takes part. Whoever began something may end it: withdraw, edit, cancel,
resolve.

Deploying again and cancelling concern production only: staging is everybody's.
"""


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    roles = _roles(policy, facts, action)
    if actor.kind in (ActorKind.SYSTEM, ActorKind.CALENDAR) or _began_it(facts, action, actor):
        return None
    if roles == EVERYBODY:
        return None if takes_part(policy, actor) else _only_looks_on(actor)
    if actor.has_any(*roles):
        return None
    wanted = " or ".join(roles)
    return Reason(
        "no_right",
        f"{actor.name} may not {action.replace('_', ' ')}: that needs the role {wanted}.",
        f"Ask somebody with the role {wanted}, or have gate.yaml give it to {actor.name} (`roles:`).",
        (f"roles of {actor.name}: {', '.join(sorted(actor.roles)) or 'none'}",),
    )


def takes_part(policy: Policy | None, actor: Actor) -> bool:
    """The people of gate.yaml and tokens with a role, but for those who are viewers and nothing else."""
    if actor.roles:
        return actor.roles != {VIEWER}
    return policy is None or actor.name in policy.people


def _roles(policy: Policy | None, facts: Facts, action: Action) -> tuple[str, ...]:
    if action in (Action.MERGE, Action.PROMOTE) and policy is None:
        return ("admin",)  # the first rules say who may do what from then on
    if action in (Action.DEPLOY, Action.CANCEL) and facts.environment is Environment.STAGING:
        return EVERYBODY
    if action is Action.BYPASS:
        return next((r.bypass for r in facts.closed_by if r.code == facts.intent_code and r.bypass), RIGHTS[action])
    return RIGHTS[action]


def _began_it(facts: Facts, action: Action, actor: Actor) -> bool:
    if action is Action.RESOLVE:
        return facts.incident is not None and facts.incident.opened_by == actor.name
    if action is Action.CANCEL:
        return facts.deployment is not None and facts.deployment.requested_by == actor.name
    if action is Action.WITHDRAW and facts.bypass is not None:
        return facts.bypass.by == actor.name
    release = facts.release.release if facts.release else None
    return action in (Action.WITHDRAW, Action.EDIT) and release is not None and release.created_by == actor.name


def _only_looks_on(actor: Actor) -> Reason:
    why = (
        f"viewer is {actor.name}'s only role"
        if actor.roles
        else f"gate.yaml does not name {actor.name} among its people"
    )
    return Reason(
        "no_right",
        f"{actor.name} may only look on: {why}.",
        f"Have gate.yaml name {actor.name} under `people:` and not as a viewer, or use a token with another role.",
        (f"roles of {actor.name}: {', '.join(sorted(actor.roles)) or 'none'}",),
    )
