"""Every no that the API gives, as problem+json (RFC 9457), with what to do next."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from staging_gate.ports.errors import Refused, Unavailable, Unclear
from staging_gate.ports.policy import PolicyProblems
from staging_gate.ports.store import Stale
from staging_gate.queries.plain import plain
from staging_gate.runbook.cancelling import TooLate
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.runbook.policy import NoPolicy

BODY_LIMIT = 4 * 1024 * 1024
A_BODY = f"It must be JSON, and has at most {BODY_LIMIT:,} bytes."

Answer = Callable[[Request, Exception], Awaitable[JSONResponse]]


class SignInNeeded(Exception):
    """The request carries no token, or one that is not valid (any more)."""


class StillRunning(Exception):
    """What was asked for goes on; its outcome will be on the board."""


def problem(status: int, kind: str, detail: str, **more: object) -> JSONResponse:
    body = {"type": f"urn:staging-gate:{kind}", "title": kind.replace("-", " "), "status": status, "detail": detail}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({**body, **more}, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    for error, answer in _ANSWERS.items():
        app.add_exception_handler(error, answer)


async def _closed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Closed)
    return problem(409, "gate-closed", str(error), decision=plain(error.decision))


async def _policy_problems(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PolicyProblems)
    return problem(422, "policy-broken", str(error), problems=list(error.problems))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    said = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
    return problem(422, "not-understood", "; ".join(said), problems=said)


def _plainly(status: int, kind: str) -> Answer:
    async def answer(request: Request, error: Exception) -> JSONResponse:
        return problem(status, kind, str(error))

    return answer


_STALE = "Somebody else changed this at the same moment. Look again, then repeat what you want."


async def _stale(request: Request, error: Exception) -> JSONResponse:
    return problem(409, "changed-meanwhile", _STALE)


async def _sign_in(request: Request, error: Exception) -> JSONResponse:
    return problem(401, "sign-in-needed", "A valid API token is needed: `gate login`, or the variable GATE_TOKEN.")


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    """What the web framework refuses by itself."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return problem(404, "not-found", f"There is nothing at {request.url.path}.")
    if error.status_code == 405:
        return problem(405, "not-allowed", f"{request.method} is not possible at {request.url.path}.")
    if error.status_code == 400:
        return problem(400, "not-understood", f"The body can not be read. {A_BODY}")
    return problem(error.status_code, "not-understood", str(error.detail))


async def _broken(request: Request, error: Exception) -> JSONResponse:
    return problem(500, "broken", "Something broke on our side, and this was not done. The server's log says what.")


_ANSWERS: dict[type[Exception], Answer] = {
    Exception: _broken,
    HTTPException: _of_http,
    Closed: _closed,
    PolicyProblems: _policy_problems,
    RequestValidationError: _invalid,
    Stale: _stale,
    SignInNeeded: _sign_in,
    Unknown: _plainly(404, "not-found"),
    LookupError: _plainly(404, "not-found"),
    Unusable: _plainly(422, "not-possible"),
    TooLate: _plainly(409, "too-late"),
    NoPolicy: _plainly(409, "no-policy"),
    StillRunning: _plainly(504, "still-running"),
    Refused: _plainly(422, "refused"),
    Unavailable: _plainly(503, "unavailable"),
    Unclear: _plainly(502, "unclear"),
}
