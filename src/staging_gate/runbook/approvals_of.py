"""The approvals that may count for a change."""

from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change
from staging_gate.domain.gate.rules.approvals import why_not
from staging_gate.domain.policy import Policy
from staging_gate.ports.store import Transaction


def approvals_of(tx: Transaction, policy: Policy | None, change: Change) -> tuple[Approval, ...]:
    """Its own; a release also has those that were given to the same code when staging ran it."""
    own = tuple(tx.approvals.of_change(change.number))
    if policy is None or change.source != policy.staging.branch:
        return own
    return (*tx.approvals.of_staging(change.head.tree), *own)


def counting(tx: Transaction, policy: Policy | None, change: Change) -> tuple[str, ...] | None:
    """Ids of those that hold at this moment; None without rules to judge by."""
    if policy is None:
        return None
    return tuple(one.id for one in approvals_of(tx, policy, change) if why_not(one, change, policy, tx.at) is None)
