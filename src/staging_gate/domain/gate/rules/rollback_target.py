"""A rollback goes to the last verified release that is not in quarantine, or to a named one."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    target, wanted = facts.rollback_to, facts.rollback_name
    if target is None:
        none = (
            "no other verified release is free of quarantine"
            if facts.live
            else "no release was verified in production yet"
        )
        what = f"{wanted} was never verified in production" if wanted else none
        return Reason(
            "no_rollback_target",
            f"There is nothing to go back to: {what}.",
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
