"""What anybody with a token may read: the board, decisions, logs, the record."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from staging_gate.bootstrap.house import House
from staging_gate.domain.audit import AuditEntry
from staging_gate.queries import board, explaining, record
from staging_gate.queries.plain import plain
from staging_gate.runbook.policy import needed_policy
from staging_gate.server.api.asked import Since
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["reading"])

LOOK_EVERY_SECONDS = 0.2
PORTION = 500


@router.get("/whoami")
def whoami(by: By) -> dict[str, Any]:
    return {"name": by.name, "roles": sorted(by.roles)}


@router.get("/board")
def show_board(house: InHouse, by: By) -> Any:
    return plain(board.board(house.ports))


@router.get("/explain")
def explain(house: InHouse, by: By, subject: str) -> Any:
    """The decision that acting would get now. `subject`: 12, v1.4.0, production-3, rollback, rollback v1.3.0."""
    return plain(explaining.explain(house.ports, subject, by))


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
