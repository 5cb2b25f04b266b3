"""Procedure 3: hotfixes."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.queries import hotfixes as views
from staging_gate.queries.plain import plain
from staging_gate.runbook import changes, hotfixing
from staging_gate.server.api.asked import Asked, Number, Reason
from staging_gate.server.api.house import By, InHouse

router = APIRouter(prefix="/hotfixes", tags=["hotfixes"])


class NewHotfix(Asked):
    name: str = Field(max_length=100)


class Urgent(Asked):
    name: str = Field(max_length=100)
    reason: Reason
    title: str | None = Field(None, max_length=300)


@router.get("")
def open_ones(house: InHouse, by: By) -> Any:
    """Those that are on their way to production, with what each still waits for."""
    return plain(views.open_ones(house.ports))


@router.post("", status_code=201)
def start(house: InHouse, by: By, new: NewHotfix) -> Any:
    """Make its branch where production is."""
    branch = hotfixing.start(house.ports, new.name, by)
    return {"branch": branch, "commit": house.ports.code_host.branches()[branch]}


@router.post("/open", status_code=201)
def open_hotfix(house: InHouse, by: By, urgent: Urgent) -> Any:
    """Ask for it to go to production."""
    change = hotfixing.open_hotfix(house.ports, urgent.name, urgent.reason, by, urgent.title)
    return plain(views.of_change(house.ports, changes.get(house.ports, change.number)))


@router.post("/{number}/prove", status_code=202)
def prove(house: InHouse, by: By, number: Number) -> Any:
    """Try it in staging once more."""
    return {"deployment": hotfixing.prove(house.ports, number, by)}
