"""Only what closes the gate now, and names who may pass it, can be bypassed: one reason at a time."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    code = facts.intent_code
    if code is None:
        return None
    asked = next((reason for reason in facts.closed_by if reason.code == code), None)
    if asked is not None and asked.bypass:
        return None
    if asked is not None:
        return Reason(
            "never_bypassed", f"{code} is never bypassed: {asked.sentence}", asked.opens_when, _possible(facts)
        )
    given = next((bypass for bypass in facts.bypasses if bypass.passes(code, at)), None)
    if given is not None:
        return Reason(
            "bypassed_already",
            f"{given.by} has let {code} be passed already, with {given.id}: {given.reason}",
            f"Act on it, or take it back: `gate bypass withdraw {given.id}`.",
        )
    return Reason(
        "nothing_to_bypass",
        f"No reason {code!r} closes the gate now, so there is nothing to pass.",
        "Name one of those that can be bypassed now." if _possible(facts) else "`gate explain` says what closes it.",
        _possible(facts),
    )


def _possible(facts: Facts) -> tuple[str, ...]:
    return tuple(f"can be bypassed: {r.code}, by {' or '.join(r.bypass)}" for r in facts.closed_by if r.bypass)
