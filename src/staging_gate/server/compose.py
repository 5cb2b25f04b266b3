"""One ASGI application of all faces: git under /git, the API, the pages, /health."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from staging_gate import __version__
from staging_gate.bootstrap.house import House
from staging_gate.server import api, hooks, problems, web
from staging_gate.server.events import Broadcaster

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def compose(house: House) -> Asgi:
    """The whole server. Git goes past the web framework: its bodies are streams, both ways. So do webhooks, which are
    many at times."""
    pages, intake = _application(house), _intake(house)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/git/"):
            return await house.git(scope, receive, send)
        if scope["type"] == "http" and scope["path"].startswith("/hooks/"):
            return await intake(scope, receive, send)
        return await pages(scope, _bounded(receive), send)

    return application


def _intake(house: House) -> Asgi:
    group = hooks.GroupCommit(house.inbox.keep)
    return hooks.Intake(house.settings.hook_secrets, group, house.ports.clock, house.look_now)


def _application(house: House) -> FastAPI:
    app = FastAPI(
        title="Staging Gate", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json"
    )
    app.state.house = house
    app.state.events = Broadcaster()
    house.on_change(app.state.events.tell)
    house.on_stop(app.state.events.close)
    problems.install(app)
    app.include_router(api.router)
    app.include_router(web.router)
    app.mount("/static", web.static)
    app.add_api_route("/health", health, include_in_schema=False)
    app.middleware("http")(_guard)
    return app


def health(request: Request) -> JSONResponse:
    """Our own health, in the words that we ask of others."""
    why_not = request.app.state.house.ailments()
    body = {
        "status": "unhealthy" if why_not else "healthy",
        "environment": request.app.state.house.settings.environment,
    }
    return JSONResponse({**body, "why": why_not} if why_not else body, 503 if why_not else 200)


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Bounded bodies, strict headers, and no acting from other sites: SameSite cookies and the Origin are checked."""
    response = _refusal(request) or await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refusal(request: Request) -> Response | None:
    size = request.headers.get("content-length", "0")
    if not (size.isascii() and size.isdigit()) or int(size) > problems.BODY_LIMIT:
        return problems.problem(413, "too-large", f"The body is too large. {problems.A_BODY}")
    if "\0" in unquote(request.url.path + request.url.query):
        return problems.problem(422, "not-understood", "The address holds a zero character.")
    origin, ours = request.headers.get("origin"), f"{request.url.scheme}://{request.headers.get('host')}"
    if origin not in (None, ours) and request.method not in ("GET", "HEAD"):
        return problems.problem(403, "other-site", "This request comes from another site.")
    return None


def _bounded(receive: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    """For bodies that do not say how long they are."""
    taken = 0

    async def bounded() -> Any:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > problems.BODY_LIMIT:
            raise HTTPException(400)
        return message

    return bounded
