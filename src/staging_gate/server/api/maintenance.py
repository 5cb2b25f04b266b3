"""Maintenance: announce, list, extend, cancel."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.domain.environment import Environment
from staging_gate.queries import maintenance as views
from staging_gate.queries.plain import plain
from staging_gate.runbook import maintaining
from staging_gate.server.api.asked import Asked, Label, Number
from staging_gate.server.api.house import By, InHouse

router = APIRouter(prefix="/maintenances", tags=["maintenance"])


class NewMaintenance(Asked):
    """`begins` and `ends` as people type them: `thu 12:00`, `2026-12-24 10:00`; `+2h` as an end is a length."""

    title: str = Field(max_length=300)
    begins: str = Field(max_length=100)
    ends: str = Field(max_length=100)
    affected: str = Field("", max_length=1000)
    environment: Environment = Environment.PRODUCTION
    services: list[Label] = Field(default_factory=list, max_length=50)
    note: str = Field("", max_length=1000)


class NewEnd(Asked):
    ends: str = Field(max_length=100)


class Because(Asked):
    reason: str = Field("", max_length=1000)


@router.get("")
def listed(house: InHouse, by: By, every: bool = False) -> Any:
    """Those that are on or to come; with `every` also those that are over or cancelled, the last first."""
    return plain(views.listed(house.ports, every))


@router.post("", status_code=201)
def announce(house: InHouse, by: By, new: NewMaintenance) -> Any:
    """`warnings` refuse nothing: a short notice, an unfit day, a time in which production is closed."""
    plan = maintaining.Plan(
        new.title, new.begins, new.ends, new.affected, new.environment, tuple(new.services), new.note
    )
    return plain(maintaining.announce(house.ports, plan, by))


@router.post("/{number}/extend")
def extend(house: InHouse, by: By, number: Number, new: NewEnd) -> Any:
    """Another end: a later one, or an earlier one that is still to come."""
    return plain(maintaining.extend(house.ports, number, new.ends, by))


@router.post("/{number}/cancel")
def cancel(house: InHouse, by: By, number: Number, because: Because) -> Any:
    return plain(maintaining.cancel(house.ports, number, because.reason, by))
