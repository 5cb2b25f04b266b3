"""What a request needs: the house it is in, and who asks."""

from typing import Annotated

from fastapi import Depends, Request

from staging_gate.bootstrap.house import House
from staging_gate.domain.actor import Actor
from staging_gate.runbook import tokens
from staging_gate.server.problems import SignInNeeded

COOKIE = "gate_token"


def house(request: Request) -> House:
    found = request.app.state.house
    assert isinstance(found, House)
    return found


def actor(request: Request) -> Actor:
    found = actor_or_none(request)
    if found is None:
        raise SignInNeeded()
    return found


def actor_or_none(request: Request) -> Actor | None:
    """Whose token the request carries, as `Authorization: Bearer`, or as the cookie of the pages."""
    header = request.headers.get("authorization", "")
    secret = header.removeprefix("Bearer ") if header.startswith("Bearer ") else request.cookies.get(COOKIE, "")
    return tokens.authenticate(house(request).ports, secret) if secret else None


InHouse = Annotated[House, Depends(house)]
By = Annotated[Actor, Depends(actor)]
