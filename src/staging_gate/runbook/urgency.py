"""What makes a hotfix fast: whoever learns something about it has the next thing happen at once."""

from staging_gate.domain.change import Change
from staging_gate.ports.store import Transaction

PROVE_HOTFIX = "prove a hotfix"


def ask_for_proof(tx: Transaction, change: Change | None) -> None:
    """A check has ended, somebody approved: see whether it can be tried in staging now."""
    if change is None or not change.goes_alone or not change.is_open:
        return
    subject = f"hotfix {change.number}"
    tx.start(PROVE_HOTFIX, subject, key=f"prove-{change.number}-{len(tx.runs.about(subject)) + 1}")
