"""The bypasses of a change, and of the release that it is or became."""

from staging_gate.domain.bypass import Bypass
from staging_gate.ports.store import Transaction


def bypasses_of(tx: Transaction, change: int | None, release: str | None) -> list[Bypass]:
    """Whatever became of them; oldest first. A hotfix has its release only when it is merged."""
    subjects = (f"change {change}" if change else None, release)
    return sorted(
        (one for subject in subjects if subject for one in tx.bypasses.about(subject)), key=lambda one: one.at
    )
