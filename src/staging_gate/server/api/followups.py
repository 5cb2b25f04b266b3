"""Follow-ups: what somebody still has to do."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.queries import followups as views
from staging_gate.queries.plain import plain
from staging_gate.runbook import following_up
from staging_gate.server.api.asked import Asked, Number
from staging_gate.server.api.house import By, InHouse

router = APIRouter(prefix="/followups", tags=["follow-ups"])


class Done(Asked):
    note: str = Field("", max_length=10_000)


@router.get("")
def recent(house: InHouse, by: By, every: bool = False, mine: bool = False) -> Any:
    """The open ones, the first due first; with `every` also those that are done, newest first."""
    return plain(views.listed(house.ports, by.name if mine else None, every))


@router.post("/{number}/done")
def done(house: InHouse, by: By, number: Number, said: Done) -> Any:
    return plain(following_up.finish(house.ports, number, said.note, by))
