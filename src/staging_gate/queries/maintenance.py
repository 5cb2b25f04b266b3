"""Maintenances as faces show them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from staging_gate.domain.maintenance import Maintenance, MaintenanceState
from staging_gate.messages import maintenance as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook.policy import policy_in_force

SOON = timedelta(days=14)
"""How long before it begins the board shows one."""


@dataclass(frozen=True)
class ShownMaintenance:
    maintenance: Maintenance
    state: MaintenanceState
    said: str


def listed(ports: Ports, every: bool) -> tuple[ShownMaintenance, ...]:
    """Those that are on or to come, the first to begin first; `every` also those that are over, the last first."""
    policy = policy_in_force(ports)
    zone, at = (policy.calendar.time_zone if policy else ZoneInfo("UTC")), ports.clock.now()
    with ports.store.reading() as tx:
        found = tx.maintenances.recent(200) if every else tx.maintenances.ahead(at)
    return tuple(shown(each, at, zone) for each in found)


def soon(tx: Transaction, at: datetime, zone: ZoneInfo) -> tuple[ShownMaintenance, ...]:
    """What is on, or begins soon."""
    return tuple(shown(each, at, zone) for each in tx.maintenances.ahead(at) if each.starts_at < at + SOON)


def shown(maintenance: Maintenance, at: datetime, zone: ZoneInfo) -> ShownMaintenance:
    state = maintenance.state(at)
    return ShownMaintenance(maintenance, state, words.line(maintenance, state, zone))
