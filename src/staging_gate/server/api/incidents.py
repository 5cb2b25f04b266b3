"""Incidents: open, list, show, resolve."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.domain.incident import Severity
from staging_gate.queries.plain import plain
from staging_gate.runbook import incidents
from staging_gate.server.api.asked import Asked, Limit, Number
from staging_gate.server.api.house import By, InHouse

router = APIRouter(prefix="/incidents", tags=["incidents"])


class NewIncident(Asked):
    severity: Severity
    title: str = Field(max_length=300)
    deployment: str | None = Field(None, max_length=100)


class Because(Asked):
    reason: str = Field("", max_length=10_000)


@router.get("")
def listed(house: InHouse, by: By, every: bool = False, limit: Limit = 50) -> Any:
    """The open ones, the worst first; with `every` also resolved ones, newest first."""
    with house.ports.store.reading() as tx:
        return plain(tx.incidents.recent(limit) if every else tx.incidents.open())


@router.post("", status_code=201)
def open_incident(house: InHouse, by: By, new: NewIncident) -> Any:
    return plain(incidents.open_incident(house.ports, new.severity, new.title, by, new.deployment))


@router.get("/{id}")
def show(house: InHouse, by: By, id: Number) -> Any:
    return plain(incidents.get(house.ports, id))


@router.post("/{id}/resolve")
def resolve(house: InHouse, by: By, id: Number, because: Because) -> Any:
    return plain(incidents.resolve(house.ports, id, because.reason, by))
