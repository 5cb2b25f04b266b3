"""What a request needs: the house it is in, and who asks."""

from typing import Annotated

from fastapi import Depends, Request

from staging_gate.bootstrap.house import House
from staging_gate.domain.actor import Actor
from staging_gate.domain.token import Token
from staging_gate.runbook import sessions, tokens
from staging_gate.server.problems import SignInNeeded

COOKIE = "gate_session"


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
    """Whose token the request carries, as `Authorization: Bearer`; or whose session, the pages' cookie, which reads."""
    header = request.headers.get("authorization", "")
    if header.startswith("Bearer "):
        return tokens.authenticate(house(request).ports, header.removeprefix("Bearer "))
    session = request.cookies.get(COOKIE) if request.method in ("GET", "HEAD") else None
    return sessions.reader(house(request).ports, session) if session else None


def token_or_none(request: Request) -> Token | None:
    """The token itself that the request carries, or whose session it carries."""
    header, ports = request.headers.get("authorization", ""), house(request).ports
    if header.startswith("Bearer "):
        return tokens.token_of(ports, header.removeprefix("Bearer "))
    session = request.cookies.get(COOKIE)
    return sessions.token_of(ports, session) if session else None


InHouse = Annotated[House, Depends(house)]
By = Annotated[Actor, Depends(actor)]
