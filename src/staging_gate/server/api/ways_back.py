"""Ways back: what is known of them, and trying them again."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.bootstrap.house import House
from staging_gate.messages import way_back_proofs as words
from staging_gate.queries import ways_back as views
from staging_gate.queries.plain import plain
from staging_gate.queries.ways_back import ShownWayBack
from staging_gate.runbook import proving_way_back
from staging_gate.runbook.changes import Unknown
from staging_gate.server.api.asked import Asked
from staging_gate.server.api.house import By, InHouse
from staging_gate.server.api.waiting import until_done

router = APIRouter(prefix="/way-back", tags=["ways back"])


class Which(Asked):
    """`to` is a release that production could be rolled back to; without it, the way back of now is meant."""

    to: str | None = Field(None, min_length=1, max_length=100)


@router.get("")
def show(house: InHouse, by: By, to: str | None = None, wait: bool = False) -> Any:
    """From what staging has proved to what production runs; or from that `to` a release, as a rollback would go. To
    `wait`, not before it has been tried."""
    found = _found(house, to)
    if wait and found.run:
        until_done(house, found.run)
        found = _found(house, to)
    return plain(found)


@router.post("/prove", status_code=202)
def prove(house: InHouse, by: By, which: Which) -> Any:
    """Try it once more."""
    return {"run": proving_way_back.prove(house.ports, by, which.to)}


@router.get("/{tag}")
def show_release(house: InHouse, by: By, tag: str) -> Any:
    """From a release."""
    found = views.of_release(house.ports, tag)
    if found is None:
        raise Unknown(words.nothing_known(tag))
    return plain(found)


def _found(house: House, to: str | None) -> ShownWayBack:
    found = views.of_rollback(house.ports, to) if to else views.of_now(house.ports)
    if found is None:
        raise Unknown(words.nowhere_to(to) if to else words.NOTHING_TO_PROVE)
    return found
