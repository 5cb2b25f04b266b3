"""A deployment or a change's checks, as they go: one JSON line whenever something changed, until the end."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from staging_gate.domain.actor import Actor
from staging_gate.domain.check import Verdict
from staging_gate.domain.environment import Environment
from staging_gate.queries import changes as change_views
from staging_gate.queries import deployments as views
from staging_gate.queries.plain import plain
from staging_gate.runbook.changes import Unknown
from staging_gate.server.api.asked import Number
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["reading"])

LOOK_EVERY_SECONDS = 0.5

Look = Callable[[], tuple[Any, bool]]
"""What to show now, and whether that is the end."""


@router.get("/events")
async def events(request: Request, by: By) -> StreamingResponse:
    """Server-sent events: `changed`, whenever anything did. What it was is read again."""
    return StreamingResponse(request.app.state.events.stream(), media_type="text/event-stream")


@router.get("/deployments/awaited")
async def awaited(
    house: InHouse,
    by: By,
    environment: Environment,
    commit: str | None = Query(None, max_length=64),
    release: str | None = Query(None, max_length=100),
    wait: float = Query(0.0, ge=0, le=30),
) -> Any:
    """The deployment of a commit or a release, for who knows no number of it; null where there is none yet. With
    `wait`, up to so many seconds until there is one. What was superseded is answered by what came instead."""
    for _ in range(int(wait / LOOK_EVERY_SECONDS) + 1):
        found = await run_in_threadpool(views.awaited, house.ports, environment, commit, release)
        if found or not wait:
            return plain(found)
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return None


@router.get("/deployments/{id}/follow")
async def deployment(request: Request, house: InHouse, by: By, id: str) -> StreamingResponse:
    def look() -> tuple[Any, bool]:
        found = views.timeline(house.ports, id)
        if found is None:
            raise Unknown(f"There is no deployment {id}. `gate status` shows the recent ones.")
        return plain(found), found.deployment.state.ended and not any(s.ended_at is None for s in found.steps)

    return await _follow(request, look)


@router.get("/changes/{number}/follow")
async def change(request: Request, house: InHouse, by: By, number: Number) -> StreamingResponse:
    """Until no check is pending any more."""
    return await _follow(request, lambda: _change(house, by, number))


def _change(house: Any, by: Actor, number: int) -> tuple[Any, bool]:
    found = change_views.view(house.ports, number, by)
    return plain(found), not any(check.verdict is Verdict.PENDING for check in found.checks)


async def _follow(request: Request, look: Look) -> StreamingResponse:
    first = await run_in_threadpool(look)  # an unknown name is answered before the stream begins
    return StreamingResponse(_lines(request, look, first), media_type="application/x-ndjson")


async def _lines(request: Request, look: Look, first: tuple[Any, bool]) -> AsyncIterator[bytes]:
    shown, (now, ended) = None, first
    changes = request.app.state.events.stream()
    try:
        while True:
            if now != shown:
                yield json.dumps(now).encode() + b"\n"
                shown = now
            if ended:
                return
            await anext(changes)
            now, ended = await run_in_threadpool(look)
    except StopAsyncIteration:
        return
    finally:
        await changes.aclose()
