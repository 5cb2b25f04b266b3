"""A rollback goes to the last verified release that is not in quarantine, or to a named one."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    target = facts.rollback_to
    if target is None:
        return Reason(
            "no_rollback_target",
            f"There is nothing to go back to: {_what_there_is_not(facts)}.",
            "`gate release list` shows the verified ones.",
        )
    bad = next((q for q in facts.quarantines if q.tag == target.release or q.tree == target.revision.tree), None)
    if bad is not None:
        return Reason(
            "quarantined",
            f"{target.release} is in quarantine: {bad.reason}.",
            "Go back to another release: `gate release list` shows the verified ones.",
        )
    if facts.live is not None and facts.live.revision.commit == target.revision.commit:
        return Reason(
            "already_live",
            f"{target.release} is what production runs now.",
            "Name an earlier release: `gate release list` shows the verified ones.",
        )
    return None


def _what_there_is_not(facts: Facts) -> str:
    if facts.rollback_name:
        return f"{facts.rollback_name} was never verified in production"
    if facts.live is None:
        return "no release was verified in production yet"
    if facts.rollback_back:
        number = "none" if facts.rollback_back == 1 else f"fewer than {facts.rollback_back}"
        before = f"of the verified releases before {facts.live.release or facts.live.id}"
        return f"{number} {before} {'is' if number == 'none' else 'are'} free of quarantine"
    return "no other verified release is free of quarantine"
