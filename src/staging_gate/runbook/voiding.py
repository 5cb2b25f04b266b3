"""What a push does to the approvals that were given before it."""

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.change import Change
from staging_gate.domain.revision import Revision
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction


def is_the_same_said_again(ports: Ports, old: Revision, new: Revision) -> bool:
    """Whether a push changed nothing but words: a message amended, or commits without changes put on top.

    The same files on another history are another change: merging it can take back what others have merged.
    """
    if old.tree != new.tree:
        return False
    added, dropped = ports.code_host.commits(old.commit, new.commit), ports.code_host.commits(new.commit, old.commit)
    if not dropped:
        return all(len(commit.parents) == 1 for commit in added)
    return [commit.parents for commit in added] == [commit.parents for commit in dropped] and len(added) == 1


def void_approvals(tx: Transaction, change: Change, why: str, only_same_code: bool = True) -> None:
    """Those given to other files do not count anyhow; these would, for what nobody looked at."""
    for approval in tx.approvals.of_change(change.number):
        if approval.withdrawn_at is None and (not only_same_code or approval.tree == change.head.tree):
            tx.approvals.withdraw(approval.id, tx.at)
            tx.audit(SYSTEM, "approval void", f"change {change.number}", why, of=approval.by)
