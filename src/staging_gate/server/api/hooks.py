"""What webhooks brought."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from staging_gate.domain.delivery import Delivery
from staging_gate.queries import hooks as views
from staging_gate.queries.plain import plain
from staging_gate.runbook import hearing
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["reading"])


@router.get("/hooks")
def recent(house: InHouse, by: By, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> Any:
    """The newest first, without their bodies."""
    return [_shown(delivery) for delivery in house.inbox.recent(limit)]


@router.get("/hooks/lag")
def lag(house: InHouse, by: By) -> Any:
    """How far we are behind each provider, and how many of its webhooks got lost."""
    return plain(views.shown(house.lags(), house.ports.clock.now()))


@router.get("/hooks/{provider}/{key}")
def one(house: InHouse, by: By, provider: str, key: str) -> Any:
    """With its body, for devops and admin."""
    found = hearing.read(house.inbox, provider, key, by)
    return {**_shown(found), "body": found.body.decode(errors="replace")}


def _shown(delivery: Delivery) -> dict[str, Any]:
    """The body goes apart: it is bytes, and may be large."""
    return {name: plain(value) for name, value in vars(delivery).items() if name != "body"}
