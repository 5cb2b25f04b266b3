"""Maintenance in words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from staging_gate.domain.calendar import spoken
from staging_gate.domain.maintenance import Maintenance, MaintenanceState


def line(maintenance: Maintenance, state: MaintenanceState, zone: ZoneInfo) -> str:
    """One sentence for lists and the board."""
    begins, ends = spoken(maintenance.starts_at, zone), spoken(maintenance.ends_at, zone)
    where = maintenance.environment.capitalize()
    if maintenance.services:
        where += f" ({', '.join(maintenance.services)})"
    affected = f" What people will notice: {maintenance.affected}." if maintenance.affected else ""
    match state:
        case MaintenanceState.ANNOUNCED:
            return f"{where} is in maintenance from {begins} until {ends}: {maintenance.title}.{affected}"
        case MaintenanceState.ACTIVE:
            return f"{where} is in maintenance until {ends}: {maintenance.title}.{affected}"
        case MaintenanceState.COMPLETED:
            return f"{where} was in maintenance from {begins} until {ends}: {maintenance.title}."
        case MaintenanceState.CANCELLED:
            return (
                f"The maintenance of {begins} was cancelled by {maintenance.cancelled_by}: "
                f"{maintenance.cancelled_reason} ({maintenance.title})"
            )


def in_calendar(maintenance: Maintenance) -> str:
    cancelled = ", cancelled" if maintenance.cancelled_at else ""
    return f"maintenance of {maintenance.environment}{cancelled}: {maintenance.title}"


def in_the_past(begins: datetime, zone: ZoneInfo) -> str:
    return f"It would have begun on {spoken(begins, zone)}: maintenance is announced ahead. For now write `--from +0m`."


def ends_too_early(begins: datetime, ends: datetime, zone: ZoneInfo) -> str:
    return (
        f"It would end on {spoken(ends, zone)}; wanted an end that is still to come, after its beginning on "
        f"{spoken(begins, zone)}."
    )


def too_long(longest: timedelta) -> str:
    return f"It would last longer than {longest.days} days: announce it in parts, so that somebody looks again."


def over(maintenance: Maintenance, state: MaintenanceState, what: str) -> str:
    return (
        f"Maintenance {maintenance.id} is {state}, so it can not be {what} any more: announce a new one "
        "(`gate maintenance announce`)."
    )


def unknown_service(name: str, known: Sequence[str]) -> str:
    return f"There is no service {name!r} in gate.yaml: wanted some of {', '.join(known)}, or none for all."
