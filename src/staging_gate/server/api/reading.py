"""What anybody with a token may read: the board, decisions, logs, the record."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from staging_gate.bootstrap.house import House
from staging_gate.domain.audit import AuditEntry
from staging_gate.domain.gate import Action
from staging_gate.queries import board, explaining, hooks, record
from staging_gate.queries.plain import plain
from staging_gate.queries.what_if import Assumption
from staging_gate.queries.what_if import what_if as asked_what_if
from staging_gate.runbook import changes
from staging_gate.runbook.policy import needed_policy
from staging_gate.server.api.asked import Asked, Since
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["reading"])


class Supposed(Asked):
    """What is not given is as it is. `policy` is the text of a gate.yaml."""

    subject: str = Field(max_length=200)
    action: Action | None = None
    at: str | None = Field(None, max_length=100)
    actor: str | None = Field(None, max_length=64)
    policy: str | None = Field(None, max_length=262_144)
    role: str = Field("review", max_length=64)
    code: str = Field("", max_length=64)


LOOK_EVERY_SECONDS = 0.2
PORTION = 500


@router.get("/whoami")
def whoami(by: By) -> dict[str, Any]:
    return {"name": by.name, "roles": sorted(by.roles)}


@router.get("/board")
def show_board(house: InHouse, by: By) -> Any:
    webhooks = hooks.shown(house.lags(), house.ports.clock.now())
    return {**plain(board.board(house.ports)), "webhooks": plain(webhooks)}


@router.get("/explain")
def explain(
    house: InHouse, by: By, subject: str, action: Action | None = None, role: str = "review", code: str = ""
) -> Any:
    """The decision that acting would get now, and where it stands in a queue. `subject`: 12, v1.4.0, production-3,
    production, rollback, rollback v1.3.0; without `action` the one that comes next."""
    changes.look_again(house.ports, subject)
    return plain(explaining.explained(house.ports, subject, by, action, role, code))


@router.post("/what-if")
def what_if(house: InHouse, by: By, supposed: Supposed) -> Any:
    """What the gate would say at another moment, to somebody else, under other rules. Nothing is stored."""
    assumed = Assumption(supposed.at, supposed.actor, supposed.policy)
    changes.look_again(house.ports, supposed.subject)
    return plain(
        asked_what_if(house.ports, supposed.subject, by, assumed, supposed.action, supposed.role, supposed.code)
    )


@router.get("/policy")
def policy(house: InHouse, by: By) -> Any:
    return plain(needed_policy(house.ports))


@router.get("/logs/{ref:path}")
async def log(
    house: InHouse,
    by: By,
    ref: str,
    offset: int = Query(0, ge=0),
    limit: int = Query(65_536, ge=1, le=1 << 20),
    wait: float = Query(0.0, ge=0, le=30),
) -> Any:
    """Text from a byte offset on, and the offset to go on from. With `wait`, up to so many seconds for new text."""
    for _ in range(int(wait / LOOK_EVERY_SECONDS) + 1):
        text, next_offset = await run_in_threadpool(house.ports.logs.read, ref, offset, limit)
        if text or not wait:
            break
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return {"text": text, "next": next_offset}


@router.get("/audit")
def audit(house: InHouse, by: By, about: str | None = None, since: Since = 0) -> StreamingResponse:
    """The record as JSON lines, in order, with its hashes: `gate audit verify FILE` checks it anywhere."""

    def lines() -> Iterator[str]:
        """In portions, so that a slow reader keeps no transaction open: what was written once never changes."""
        last = since
        while portion := _portion(house, about, last):
            for entry in portion:
                yield json.dumps(plain(entry)) + "\n"
            last = portion[-1].seq

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.get("/audit/verify")
def verify(house: InHouse, by: By) -> Any:
    report = record.verify(house.ports)
    return {**plain(report), "intact": report.intact}


@router.get("/doctor")
def doctor(house: InHouse, by: By) -> Any:
    return plain(house.examine())


def _portion(house: House, about: str | None, since: int) -> list[AuditEntry]:
    with house.ports.store.reading() as tx:
        if not about:
            return list(tx.audit_log.entries(since, PORTION))
        return [entry for entry in tx.audit_log.about(about) if entry.seq > since]
