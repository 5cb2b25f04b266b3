"""Procedure 4, its post-rollback list: what people still have to do. The reason is on the record already."""

from datetime import timedelta

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUpKind, working_days_after
from staging_gate.messages import followups as words
from staging_gate.ports.store import Transaction
from staging_gate.runbook.following_up import open_follow_up

NOTIFIED_WITHIN = timedelta(hours=1)
REPORT_DAYS, FIX_DAYS = 2, 5
"""Working days."""

ZONE = "UTC"
"""Not the policy's: a rollback is recorded whether or not the code host, who has the policy, answers."""


def open_list(tx: Transaction, rollback: Deployment) -> None:
    """Of a rollback that production has back; nothing where it only stopped what was on its way.

    Whoever ordered it tells and reports, else whoever published what was bad; whoever prepared that plans the fix.
    """
    undone = tx.deployments.get(rollback.undoes) if rollback.undoes else None
    if rollback.environment is not Environment.PRODUCTION or undone is None or undone.release == rollback.release:
        return
    release = tx.releases.get(undone.release) if undone.release else None
    teller = rollback.requested_by if rollback.requested_by != SYSTEM.name else undone.requested_by
    plan = {
        FollowUpKind.NOTIFY: (teller, tx.at + NOTIFIED_WITHIN),
        FollowUpKind.REPORT: (teller, working_days_after(tx.at, REPORT_DAYS, ZONE)),
        FollowUpKind.PROPER_FIX: (release.created_by if release else teller, working_days_after(tx.at, FIX_DAYS, ZONE)),
    }
    for kind, (owner, due_at) in plan.items():
        open_follow_up(tx, kind, rollback.id, words.after_rollback(kind, rollback, undone), owner, due_at)
