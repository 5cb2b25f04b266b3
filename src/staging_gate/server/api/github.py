"""The rules at GitHub."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.queries.plain import plain
from staging_gate.runbook import protecting
from staging_gate.server.api.asked import Asked
from staging_gate.server.api.house import By, InHouse

router = APIRouter(prefix="/github", tags=["administration"])


class Wanted(Asked):
    seen: str = Field(max_length=64)
    remove: bool = False


@router.get("/rules")
def plan(house: InHouse, by: By, remove: bool = False) -> Any:
    """What setting up our rulesets there would change, or with `remove` taking them away; nothing is changed."""
    return _shown(protecting.plan(house.ports, by, remove=remove))


@router.post("/rules")
def set_up(house: InHouse, by: By, wanted: Wanted) -> Any:
    """Do what the plan named by `seen` says. Doing it again changes nothing."""
    return _shown(protecting.set_up(house.ports, by, wanted.seen, remove=wanted.remove))


@router.get("/exposures")
def exposures(house: InHouse, by: By) -> Any:
    """What of the repository there is not protected, and how that could be misused."""
    return plain(protecting.check(house.ports, by))


def _shown(plan: protecting.Plan) -> dict[str, Any]:
    return {**plain(plan), "done": plan.is_done}
