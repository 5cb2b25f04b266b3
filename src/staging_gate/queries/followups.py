"""Follow-ups with what people look for: whose, and whether they are late."""

from dataclasses import dataclass
from datetime import datetime

from staging_gate.domain.followup import FollowUp
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction

MOST = 500


@dataclass(frozen=True)
class ShownFollowUp:
    follow_up: FollowUp
    overdue: bool


def listed(ports: Ports, owner: str | None = None, every: bool = False) -> list[ShownFollowUp]:
    """The open ones, the first due first; with `every` also those that are done, newest first."""
    with ports.store.reading() as tx:
        found = tx.followups.recent(MOST) if every else tx.followups.open()
        return [_shown(one, tx.at) for one in found if owner in (None, one.owner)]


def open_ones(tx: Transaction) -> tuple[ShownFollowUp, ...]:
    return tuple(_shown(one, tx.at) for one in tx.followups.open())


def _shown(one: FollowUp, at: datetime) -> ShownFollowUp:
    return ShownFollowUp(one, one.overdue(at))
