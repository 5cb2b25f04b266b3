"""Backups of databases, with what they say of themselves."""

from dataclasses import dataclass

from staging_gate.domain.backup import Backup
from staging_gate.messages import backups as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction


@dataclass(frozen=True)
class ShownBackup:
    backup: Backup
    said: str


def listed(ports: Ports, every: bool, limit: int = 50) -> list[ShownBackup]:
    """Those that are kept, newest first; with `every` also removed ones."""
    with ports.store.reading() as tx:
        found = tx.backups.recent(limit) if every else tx.backups.kept()[:limit]
    return [ShownBackup(one, words.made(one)) for one in found]


def of_deployment(tx: Transaction, deployment: str) -> tuple[ShownBackup, ...]:
    return tuple(ShownBackup(one, words.made(one)) for one in tx.backups.of(deployment))
