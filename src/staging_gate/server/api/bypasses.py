"""Bypasses: give, list, withdraw."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.domain.bypass import LASTS
from staging_gate.queries import bypasses as views
from staging_gate.queries.plain import plain
from staging_gate.runbook import bypassing
from staging_gate.server.api.asked import Asked
from staging_gate.server.api.house import By, InHouse

router = APIRouter(prefix="/bypasses", tags=["bypasses"])


class NewBypass(Asked):
    subject: str = Field(max_length=100)
    code: str = Field(max_length=100)
    reason: str = Field(max_length=10_000)
    seconds: int = Field(int(LASTS.total_seconds()), ge=0, le=10**9)


@router.get("")
def recent(house: InHouse, by: By, every: bool = False) -> Any:
    """Those in force; with `every` also the last that were used, withdrawn or are over. Newest first."""
    return plain(views.listed(house.ports, every))


@router.post("", status_code=201)
def give(house: InHouse, by: By, new: NewBypass) -> Any:
    """Let one reason be passed once. `subject`: 12, v1.4.0, production-3."""
    lasts = timedelta(seconds=new.seconds)
    given = bypassing.bypass(house.ports, new.subject, new.code, new.reason, by, lasts)
    return plain(views.shown(given, given.at))


@router.post("/{id}/withdraw")
def withdraw(house: InHouse, by: By, id: str) -> Any:
    return plain(bypassing.withdraw(house.ports, id, by))
