"""What a rollback would do now, its database included: said before anybody orders one."""

from staging_gate.messages import going_back as words
from staging_gate.ports import Ports
from staging_gate.runbook import facts
from staging_gate.runbook.policy import policy_in_force


def said(ports: Ports, name: str | None = None, back: int | None = None) -> str | None:
    """To the last verified release, or as `gate rollback` is asked; None where there is nothing to go back to."""
    known = facts.of_rollback(ports, policy_in_force(ports), name, back)
    target, live = known.rollback_to, known.live
    if target is None or live is None or live.revision.commit == target.revision.commit:
        return None
    return words.plan(known)
