"""Bypasses, so that nobody overlooks them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from staging_gate.domain.bypass import Bypass
from staging_gate.messages import bypasses as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction

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


def about(tx: Transaction, subject: str) -> tuple[ShownBypass, ...]:
    return tuple(shown(one, tx.at) for one in tx.bypasses.about(subject))


def loud(tx: Transaction) -> tuple[ShownBypass, ...]:
    """What the board shows: those in force, and those that were used of late."""
    lately = (one for one in tx.bypasses.recent() if one.in_force(tx.at) or _used_since(one, tx.at - LOUD_FOR))
    return tuple(shown(one, tx.at) for one in lately)


def used_for(tx: Transaction, subject: str | None, act: str) -> tuple[ShownBypass, ...]:
    """Those of a release or change that this act relied on."""
    return tuple(one for one in about(tx, subject) if one.bypass.used_for == act) if subject else ()


def shown(bypass: Bypass, at: datetime) -> ShownBypass:
    return ShownBypass(bypass, words.state(bypass, at), words.line(bypass, at))


def _used_since(bypass: Bypass, at: datetime) -> bool:
    return bypass.used_at is not None and bypass.used_at >= at
