"""Bypasses, so that nobody overlooks them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from staging_gate.domain.bypass import Bypass
from staging_gate.domain.deployment import Deployment
from staging_gate.messages import bypasses as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook.bypasses_of import bypasses_of

LOUD_FOR = timedelta(hours=24)
"""How long the board shows one after it was used: as long as production is watched."""


@dataclass(frozen=True)
class ShownBypass:
    """`state` is `in force`, `used for production-3`, `withdrawn` or `expired`; `said` a sentence with all of it."""

    bypass: Bypass
    state: str
    said: str


def listed(ports: Ports, every: bool) -> list[ShownBypass]:
    """Those in force, or the last fifty; newest first."""
    with ports.store.reading() as tx:
        return [shown(one, tx.at) for one in tx.bypasses.recent() if every or one.in_force(tx.at)]


def about(tx: Transaction, change: int | None, release: str | None) -> tuple[ShownBypass, ...]:
    """Those of a change and of the release that it is or became, oldest first."""
    return tuple(shown(one, tx.at) for one in bypasses_of(tx, change, release))


def loud(tx: Transaction) -> tuple[ShownBypass, ...]:
    """What the board shows: those in force, and those that were used of late."""
    lately = (one for one in tx.bypasses.recent() if one.in_force(tx.at) or _used_since(one, tx.at - LOUD_FOR))
    return tuple(shown(one, tx.at) for one in lately)


def used_by(tx: Transaction, deployment: Deployment) -> tuple[ShownBypass, ...]:
    """Those that its admission relied on."""
    given = about(tx, deployment.change, deployment.release)
    return tuple(one for one in given if one.bypass.used_for == deployment.id)


def shown(bypass: Bypass, at: datetime) -> ShownBypass:
    return ShownBypass(bypass, words.state(bypass, at), words.line(bypass, at))


def _used_since(bypass: Bypass, at: datetime) -> bool:
    return bypass.used_at is not None and bypass.used_at >= at
