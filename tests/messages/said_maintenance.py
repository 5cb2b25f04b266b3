"""What is said about maintenance, and with which examples."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from staging_gate.domain.environment import Environment
from staging_gate.domain.maintenance import Maintenance, MaintenanceState
from staging_gate.messages import maintenance

BEGINS = datetime(2026, 7, 2, 11, tzinfo=UTC)
ENDS = BEGINS + timedelta(hours=2)
ZONE = ZoneInfo("Europe/London")
PLANNED = Maintenance(1, "Move prices", Environment.PRODUCTION, BEGINS, ENDS, "dora", BEGINS - timedelta(days=7))
TOLD = replace(PLANNED, affected="prices can not be changed", services=("api", "web"))
GONE = replace(PLANNED, cancelled_at=BEGINS, cancelled_by="tess", cancelled_reason="the plan was wrong")

SAID: dict[Any, list[tuple[Any, ...]]] = {
    maintenance.line: [
        *((TOLD, state, ZONE) for state in (MaintenanceState.ANNOUNCED, MaintenanceState.ACTIVE)),
        (PLANNED, MaintenanceState.COMPLETED, ZONE),
        (GONE, MaintenanceState.CANCELLED, ZONE),
    ],
    maintenance.in_calendar: [(PLANNED,), (GONE,)],
    maintenance.in_the_past: [(BEGINS, ZONE)],
    maintenance.ends_too_early: [(ENDS, BEGINS, ZONE)],
    maintenance.too_long: [(timedelta(days=7),)],
    maintenance.over: [(GONE, MaintenanceState.CANCELLED, "cancelled")],
    maintenance.unknown_service: [("apo", ["api", "web"])],
}
