"""What people are told: whom it has reached, a trial, and the acknowledgement of a page."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.queries import notifications as views
from staging_gate.queries.plain import plain
from staging_gate.runbook import notifying
from staging_gate.server.api.asked import Asked, Limit, Number
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["notifications"])


class Trial(Asked):
    to: str = Field(max_length=100)


@router.get("/notifications")
def recent(house: InHouse, by: By, mine: bool = False, limit: Limit = 50) -> Any:
    """Newest first."""
    return plain(views.listed(house.ports, by.name if mine else None, limit))


@router.post("/notifications/test")
def trial(house: InHouse, by: By, asked: Trial) -> Any:
    """Answers when it was taken, or says why it was not; that may take some seconds."""
    return plain(notifying.try_out(house.ports, asked.to, by))


@router.post("/pages/{number}/acknowledge")
def acknowledge(house: InHouse, by: By, number: Number) -> Any:
    return plain(notifying.acknowledge(house.ports, number, by))
