"""Deployments: list, show, cancel, go back, deploy again, report; and holds."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.domain.environment import Environment
from staging_gate.domain.going_back import Wish
from staging_gate.queries import deployments as views
from staging_gate.queries.plain import plain
from staging_gate.queries.reports import draft
from staging_gate.runbook import cancelling, holding
from staging_gate.runbook.changes import Unknown
from staging_gate.runbook.redeploying import redeploy
from staging_gate.runbook.roll_back import roll_back
from staging_gate.server.api.asked import Asked, Limit, Reason
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["deployments"])


class Back(Asked):
    """`to` is a tag, `back` a number of releases; without either, to the last verified release. The database goes back
    as it was proved; `switch_only` leaves it alone, `accept_data_loss` goes on whatever that throws away."""

    to: str | None = Field(None, max_length=100)
    back: int | None = Field(None, ge=1, le=1000)
    through_provider: bool = False
    switch_only: bool = False
    accept_data_loss: bool = False
    reason: Reason


class Where(Asked):
    environment: Environment


class NewHold(Asked):
    environment: Environment = Environment.PRODUCTION
    reason: str = Field(max_length=10_000)


class Because(Asked):
    reason: str = Field("", max_length=10_000)


@router.get("/deployments")
def recent(house: InHouse, by: By, environment: Environment | None = None, limit: Limit = 50) -> Any:
    return plain(views.recent(house.ports, environment, limit))


@router.get("/deployments/{id}")
def show(house: InHouse, by: By, id: str) -> Any:
    found = views.timeline(house.ports, id)
    if found is None:
        raise Unknown(f"There is no deployment {id}. `gate status` shows the recent ones.")
    return plain(found)


@router.post("/deployments/{id}/cancel")
def cancel(house: InHouse, by: By, id: str) -> Any:
    return plain(cancelling.cancel_deployment(house.ports, id, by))


@router.post("/rollback", status_code=202)
def rollback(house: InHouse, by: By, back: Back) -> Any:
    wish = Wish(back.switch_only, back.accept_data_loss)
    return plain(roll_back(house.ports, back.to, back.reason, by, back.back, back.through_provider, wish))


@router.post("/redeploy", status_code=202)
def deploy_again(house: InHouse, by: By, where: Where) -> Any:
    return plain(redeploy(house.ports, where.environment, by))


@router.get("/reports/{subject}")
def report(house: InHouse, by: By, subject: str) -> Any:
    """The draft of an incident report, written from the record, as Markdown: of a deployment that was taken back, its
    rollback, or an incident."""
    written = draft(house.ports, subject)
    if written is None:
        raise Unknown(f"There is no deployment and no incident {subject!r}. `gate status` shows the recent ones.")
    return {"subject": subject, "markdown": written}


@router.get("/holds")
def holds(house: InHouse, by: By) -> Any:
    with house.ports.store.reading() as tx:
        return plain(tx.holds.in_force())


@router.post("/holds", status_code=201)
def hold(house: InHouse, by: By, new: NewHold) -> Any:
    return plain(holding.hold(house.ports, new.environment, new.reason, by))


@router.post("/holds/{id}/lift")
def lift(house: InHouse, by: By, id: str, because: Because) -> Any:
    holding.lift_hold(house.ports, id, because.reason, by)
    return {"lifted": id}
