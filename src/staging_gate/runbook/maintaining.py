"""Maintenance: people are told ahead of the time in which something is worked on; what shuts them out waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from staging_gate.domain.actor import Actor
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Caution
from staging_gate.domain.maintenance import LONGEST, Maintenance, MaintenanceState
from staging_gate.domain.moment import parse_moment
from staging_gate.messages import maintenance as words
from staging_gate.ports import Ports
from staging_gate.runbook import deciding
from staging_gate.runbook.changes import Unknown, Unusable, one_line
from staging_gate.runbook.policy import needed_policy

PAST = timedelta(minutes=5)
"""By how much a beginning may be over already: who types it is not that quick."""


@dataclass(frozen=True)
class Plan:
    """What is to be announced. `begins` and `ends` are moments as people type them; `+2h` as an end counts from the
    beginning. Without `services` all are concerned."""

    title: str
    begins: str
    ends: str
    affected: str = ""
    environment: Environment = Environment.PRODUCTION
    services: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Told:
    """What was announced or changed, and what should be known about it."""

    maintenance: Maintenance
    warnings: tuple[Caution, ...]


def announce(ports: Ports, plan: Plan, by: Actor) -> Told:
    """Raises Closed; Unusable for times and services that can not be meant."""
    planned = _planned(ports, plan, by)
    decision = deciding.through(deciding.on_maintaining(ports, planned, by))
    with ports.store.transaction() as tx:
        announced = replace(planned, id=tx.maintenances.next_id(), announced_at=tx.at)
        tx.maintenances.add(announced)
        tx.audit(by, "maintenance announced", _subject(announced), announced.title, **_times(announced))
    return Told(announced, decision.warnings)


def extend(ports: Ports, id: int, ends: str, by: Actor) -> Told:
    """Let it end at another time. Raises Closed, Unknown; Unusable where it is over, or would end before it begins."""
    found = get(ports, id)
    now = ports.clock.now()
    _still_to_come(ports, found, "ended at another time")
    moved = replace(found, ends_at=_moment(ports, ends, max(now, found.starts_at)))
    _fits(ports, moved, now)
    moved = replace(moved, changes=found.changes + 1, changed_at=now)
    decision = deciding.through(deciding.on_maintaining(ports, moved, by))
    with ports.store.transaction() as tx:
        tx.maintenances.update(moved, was=found)
        tx.audit(by, "maintenance changed", _subject(moved), moved.title, **_times(moved))
    return Told(moved, tuple(said for said in decision.warnings if said.code != "short_notice"))


def cancel(ports: Ports, id: int, reason: str, by: Actor) -> Maintenance:
    """Raises Closed, Unknown; Unusable without a reason, and where it is over."""
    found = get(ports, id)
    if not reason.strip():
        raise Unusable('A reason is needed: --reason "...". It goes on the record.')
    _still_to_come(ports, found, "cancelled")
    now = ports.clock.now()
    cancelled = replace(
        found,
        changes=found.changes + 1,
        changed_at=now,
        cancelled_at=now,
        cancelled_by=by.name,
        cancelled_reason=one_line(reason),
    )
    deciding.through(deciding.on_maintaining(ports, cancelled, by))
    with ports.store.transaction() as tx:
        tx.maintenances.update(cancelled, was=found)
        tx.audit(by, "maintenance cancelled", _subject(found), cancelled.cancelled_reason, **_times(found))
    return cancelled


def get(ports: Ports, id: int) -> Maintenance:
    """Raises Unknown."""
    with ports.store.reading() as tx:
        found = tx.maintenances.get(id)
    if found is None:
        raise Unknown(f"There is no maintenance {id}. `gate maintenance list` shows those that are on or to come.")
    return found


def _planned(ports: Ports, plan: Plan, by: Actor) -> Maintenance:
    now = ports.clock.now()
    if not plan.title.strip():
        raise Unusable('Say what is done: `gate maintenance announce "Move prices to a new table" ...`.')
    begins = _moment(ports, plan.begins, now)
    planned = Maintenance(
        id=0,
        title=one_line(plan.title),
        environment=plan.environment,
        starts_at=begins,
        ends_at=_moment(ports, plan.ends, begins),
        announced_by=by.name,
        announced_at=now,
        affected=one_line(plan.affected),
        services=_known_services(ports, plan.services),
        note=one_line(plan.note),
    )
    if begins < now - PAST:
        raise Unusable(words.in_the_past(begins, _zone(ports)))
    _fits(ports, planned, now)
    return planned


def _fits(ports: Ports, planned: Maintenance, now: datetime) -> None:
    """Raises Unusable for a time that can not be meant."""
    if planned.ends_at <= max(planned.starts_at, now):
        raise Unusable(words.ends_too_early(planned.starts_at, planned.ends_at, _zone(ports)))
    if planned.ends_at - planned.starts_at > LONGEST:
        raise Unusable(words.too_long(LONGEST))


def _still_to_come(ports: Ports, found: Maintenance, what: str) -> None:
    state = found.state(ports.clock.now())
    if state in (MaintenanceState.COMPLETED, MaintenanceState.CANCELLED):
        raise Unusable(words.over(found, state, what))


def _known_services(ports: Ports, named: Sequence[str]) -> tuple[str, ...]:
    known = [service.name for service in needed_policy(ports).services]
    for name in named:
        if name not in known:
            raise Unusable(words.unknown_service(name, known))
    return tuple(dict.fromkeys(named))


def _moment(ports: Ports, text: str, now: datetime) -> datetime:
    try:
        return parse_moment(text, now, _zone(ports))
    except (ValueError, OverflowError) as error:
        raise Unusable(str(error)) from error


def _zone(ports: Ports) -> ZoneInfo:
    return needed_policy(ports).calendar.time_zone


def _subject(maintenance: Maintenance) -> str:
    return f"maintenance {maintenance.id}"


def _times(maintenance: Maintenance) -> dict[str, str]:
    return {
        "environment": maintenance.environment.value,
        "starts_at": maintenance.starts_at.isoformat(),
        "ends_at": maintenance.ends_at.isoformat(),
    }
