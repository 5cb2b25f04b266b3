"""Routes of the pages. Who is not signed in is sent to /login."""

from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from staging_gate.bootstrap.house import House
from staging_gate.domain.actor import Actor
from staging_gate.messages.steps import outcome
from staging_gate.queries.board import board
from staging_gate.queries.calendar import calendar
from staging_gate.queries.deployments import timeline
from staging_gate.queries.hooks import ShownLag, shown
from staging_gate.runbook import sessions
from staging_gate.runbook.policy import policy_in_force
from staging_gate.server.api.calendar import feed_path
from staging_gate.server.api.house import COOKIE, actor_or_none, house

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


async def token_of_form(request: Request) -> str:
    """The one field of the sign-in form; nothing where it is missing."""
    fields = parse_qs((await request.body()).decode(errors="replace"))
    return fields.get("token", [""])[0].strip()


InHouse = Annotated[House, Depends(house)]
MaybeBy = Annotated[Actor | None, Depends(actor_or_none)]


@router.get("/")
def show_board(house: InHouse, by: MaybeBy) -> Response:
    if by is None:
        return RedirectResponse("/login", 303)
    return page("board.html", by=by, board=board(house.ports), hooks=hooks(house), zone=zone(house))


@router.get("/board-content")
def board_content(house: InHouse, by: MaybeBy) -> Response:
    """The part of the board that changes; the script asks for it whenever something did."""
    if by is None:
        return HTMLResponse("", 401)
    return page("board_content.html", board=board(house.ports), hooks=hooks(house), zone=zone(house))


@router.get("/calendar")
def show_calendar(request: Request, house: InHouse, by: MaybeBy) -> Response:
    if by is None:
        return RedirectResponse("/login", 303)
    view = calendar(house.ports, weeks=6)
    return page("calendar.html", by=by, calendar=view, feed=feed_path(request), zone=zone(house))


@router.get("/deployments/{id}")
def show_deployment(house: InHouse, by: MaybeBy, id: str) -> Response:
    if by is None:
        return RedirectResponse("/login", 303)
    return deployment_page("deployment.html", house, by, id)


@router.get("/deployments/{id}/content")
def deployment_content(house: InHouse, by: MaybeBy, id: str) -> Response:
    """The part of a deployment's page that changes."""
    if by is None:
        return HTMLResponse("", 401)
    return deployment_page("deployment_content.html", house, by, id)


@router.get("/login")
def sign_in_page() -> Response:
    return page("login.html", by=None, wrong=False)


@router.post("/login")
def sign_in(request: Request, house: InHouse, token: Annotated[str, Depends(token_of_form)]) -> Response:
    session = sessions.begin(house.ports, token)
    if session is None:
        return page("login.html", 401, by=None, wrong=True)
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    lasts = int(sessions.LASTS.total_seconds())
    answer.set_cookie(COOKIE, session, httponly=True, samesite="lax", secure=secure, max_age=lasts)
    return answer


@router.post("/logout")
def sign_out() -> Response:
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


def deployment_page(template: str, house: House, by: Actor, id: str) -> Response:
    found = timeline(house.ports, id)
    if found is None:
        return page("missing.html", 404, by=by, what=f"There is no deployment {id}.")
    return page(template, by=by, timeline=found, now=house.ports.clock.now(), zone=zone(house))


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(templates.get_template(template).render(**values), status)


def hooks(house: House) -> tuple[ShownLag, ...]:
    return shown(house.lags(), house.ports.clock.now())


def zone(house: House) -> tzinfo:
    """In which people see times here."""
    policy = policy_in_force(house.ports)
    return ZoneInfo(policy.time_zone if policy else "UTC")


def _length(start: datetime, end: datetime) -> str:
    seconds = (end - start).total_seconds()
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02} s"


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


templates.filters["moment"] = _moment
templates.filters["outcome"] = outcome
templates.globals["length"] = _length
