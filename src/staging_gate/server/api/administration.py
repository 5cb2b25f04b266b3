"""Tokens."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.domain.token import Token
from staging_gate.queries.plain import plain
from staging_gate.runbook import tokens
from staging_gate.server.api.asked import Asked
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["administration"])


class NewToken(Asked):
    person: str = Field(min_length=1, max_length=100)
    roles: list[str] = Field(default_factory=list, max_length=20)
    label: str = Field("", max_length=200)
    days: int | None = Field(None, ge=1, le=3650)


@router.get("/tokens")
def all_tokens(house: InHouse, by: By) -> Any:
    with house.ports.store.reading() as tx:
        return [_shown(token) for token in tx.tokens.all() if by.has_any("admin") or token.person == by.name]


@router.post("/tokens", status_code=201)
def create(house: InHouse, by: By, new: NewToken) -> Any:
    """The secret is shown only in this answer."""
    lasts = timedelta(days=new.days) if new.days else None
    token, secret = tokens.create(house.ports, new.person, by, new.roles, new.label, lasts)
    return {**_shown(token), "secret": secret}


@router.post("/tokens/{id}/revoke")
def revoke(house: InHouse, by: By, id: str) -> Any:
    tokens.revoke(house.ports, id, by)
    return {"revoked": id}


def _shown(token: Token) -> dict[str, Any]:
    return {key: value for key, value in plain(token).items() if key != "sha256"}
