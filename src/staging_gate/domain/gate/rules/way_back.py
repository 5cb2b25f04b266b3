"""A rollback does with the database what is proved. Where it would lose data, or nothing good is known, a person says
how to go on; a person always can."""

from datetime import datetime

from staging_gate.domain.actor import Actor, ActorKind
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.going_back import Consent, Course, course_by_itself, course_for_a_person, lost
from staging_gate.domain.policy import Policy
from staging_gate.domain.way_back import WayBack, WayBackVerdict

SWITCH_ONLY = "`--switch-only` moves the traffic alone, at your own risk"
FORWARD = "or fix it forward: `gate hotfix start NAME`"


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    target, way = facts.rollback_to, facts.way_back
    if target is None or (facts.live is not None and facts.live.revision.commit == target.revision.commit):
        return None
    if _course(policy, facts, actor) is not Course.STAY:
        return None
    if way is None or way.verdict is WayBackVerdict.UNKNOWN:
        return _unknown(facts, way)
    return _irreversible(facts, way) if way.verdict is WayBackVerdict.IRREVERSIBLE else _loses_data(facts, way)


def _course(policy: Policy | None, facts: Facts, actor: Actor) -> Course:
    if actor.kind not in (ActorKind.SYSTEM, ActorKind.CALENDAR):
        return course_for_a_person(facts.way_back, facts.intent_wish)
    if facts.way_back is None or facts.way_back.verdict is WayBackVerdict.UNKNOWN:
        return Course.STAY
    return course_by_itself(facts.way_back, policy.production.rollback.downgrade if policy else Consent.NEVER)


def _unknown(facts: Facts, way: WayBack | None) -> Reason:
    return Reason(
        "way_back_unknown",
        f"It is not known whether {_to(facts)} works on the database as {_from(facts)} has left it.",
        f"Have it tried on a clone: `gate way-back prove --to {_to(facts)} --wait`. Or say how to go on: "
        f"{SWITCH_ONLY}; `--accept-data-loss` downgrades the database first, whatever that throws away; {FORWARD}.",
        way.evidence if way else ("no proof of this way back is on the record",),
    )


def _loses_data(facts: Facts, way: WayBack) -> Reason:
    would = f"throws away: {lost(way)}" if way.losses else "is a downgrade, which gate.yaml keeps for people"
    return Reason(
        "loses_data",
        f"{_to(facts)} does not work on the database as {_from(facts)} has left it, and bringing that back {would}.",
        f"Say how to go on: `--accept-data-loss` goes back and throws that away; {SWITCH_ONLY}; {FORWARD}.",
        way.evidence,
    )


def _irreversible(facts: Facts, way: WayBack) -> Reason:
    return Reason(
        "way_back_irreversible",
        f"{_to(facts)} does not work on the database as {_from(facts)} has left it, and no downgrade brings that back.",
        f"Say how to go on: {SWITCH_ONLY}; restore the backup from before it: {_plan(facts)}; {FORWARD}.",
        way.evidence,
    )


def _plan(facts: Facts) -> str:
    changed = facts.database or facts.live
    return f"`gate restore-plan {changed.id}`" if changed else "`gate backups list`"


def _to(facts: Facts) -> str:
    assert facts.rollback_to is not None
    return facts.rollback_to.release or facts.rollback_to.id


def _from(facts: Facts) -> str:
    changed = facts.database or facts.live
    return (changed.release or changed.id) if changed else "the last release"
