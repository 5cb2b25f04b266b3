"""The release calendar, and its feed for calendar programs."""

from typing import Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from staging_gate.queries import calendar as query
from staging_gate.queries.calendar_feed import feed
from staging_gate.queries.plain import plain
from staging_gate.runbook import feeds
from staging_gate.server.api.house import By, InHouse, actor_or_none, token_or_none
from staging_gate.server.problems import problem

router = APIRouter(tags=["calendar"])

WEEKS = Query(4, ge=1, le=52)
WRONG_KEY = "This address opens no calendar, or not any more: `gate calendar --feed` gives one that does."


@router.get("/calendar")
def show(house: InHouse, by: By, weeks: int = WEEKS) -> Any:
    """Whole weeks from Monday, the present one first: each day's windows, freezes, holidays, cut-off and releases."""
    return plain(query.calendar(house.ports, weeks))


@router.get("/calendar/feed")
def feed_address(request: Request, by: By) -> Any:
    """The address for a calendar program. Its key reads the calendar and nothing else, and ends with your token."""
    return {"path": feed_path(request)}


@router.get("/calendar.ics")
def show_feed(request: Request, house: InHouse, key: str = Query("", max_length=200)) -> Response:
    """iCalendar: eight weeks back, half a year ahead. Open to who has a key from `/calendar/feed`, or a token."""
    if (feeds.reader(house.ports, key) if key else actor_or_none(request)) is None:
        return problem(401, "sign-in-needed", WRONG_KEY)
    return Response(feed(house.ports), media_type="text/calendar; charset=utf-8")


def feed_path(request: Request) -> str:
    token = token_or_none(request)
    assert token is not None, "asked by who is known by a token or a session"
    return f"/api/v1/calendar.ics?key={feeds.key_of(token)}"
