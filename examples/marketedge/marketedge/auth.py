"""Signing in: authorization code with PKCE and nonce, then a session cookie."""

import base64
import logging
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from marketedge.provider import InvalidToken, ProviderError
from marketedge.sessions import (
    LOGIN_SECONDS,
    SESSION_SECONDS,
    User,
    begin_login,
    begin_session,
    cookie_name,
    end_session,
    signed_in,
    take_login,
)

CALLBACK = "/api/v1/auth/callback"

log = logging.getLogger("marketedge.auth")
router = APIRouter(prefix="/api/v1/auth")


@router.get("/auth0-url")
def auth0_url(request: Request, response: Response, redirect_uri: str, login_hint: str = "") -> dict[str, str]:
    """Where to send the browser to sign in; the provider sends it back to `redirect_uri`, our own callback."""
    if redirect_uri != callback_url(request):
        raise HTTPException(400, f"redirect_uri must be {callback_url(request)}")
    login = begin_login(request.app.state.database, redirect_uri)
    _set_cookie(request, response, "login", login.state, LOGIN_SECONDS)
    challenge = base64.urlsafe_b64encode(sha256(login.verifier.encode()).digest()).rstrip(b"=").decode()
    provider = request.app.state.provider
    return {"auth_url": provider.authorize_url(redirect_uri, login.state, login.nonce, challenge, login_hint)}


@router.get("/callback")
def callback(
    request: Request, code: str = "", state: str = "", error: str = "", error_description: str = ""
) -> RedirectResponse:
    """Where the provider sends people back to: check its answer, begin a session, and go to the front."""
    if error:
        raise HTTPException(401, f"The provider refused the login: {error_description or error}")
    begun = request.cookies.get(cookie_name(request, "login")) == state
    login = take_login(request.app.state.database, state) if begun else None
    if login is None:
        raise HTTPException(400, "This login was not begun in this browser, or took too long. Please sign in again.")
    try:
        person = request.app.state.provider.person(code, login.verifier, login.redirect_uri, login.nonce)
    except InvalidToken as problem:
        log.error("%s", problem)
        raise HTTPException(401, f"Login failed. {problem}") from problem
    except ProviderError as problem:
        log.error("The provider did not exchange the code: %s", problem)
        raise HTTPException(502, f"Login failed. {problem}") from problem
    landing = RedirectResponse(request.app.state.settings.web_url or "/dashboard", status_code=303)
    _set_cookie(request, landing, "session", begin_session(request.app.state.database, person), SESSION_SECONDS)
    landing.delete_cookie(cookie_name(request, "login"))
    return landing


@router.get("/me")
def me(user: Annotated[User, Depends(signed_in)]) -> dict[str, str]:
    return vars(user)


@router.post("/logout", status_code=204)
def logout(request: Request, response: Response) -> None:
    name = cookie_name(request, "session")
    end_session(request.app.state.database, request.cookies.get(name, ""))
    response.delete_cookie(name)


def callback_url(request: Request) -> str:
    """Our callback, at the address that the browser used for us."""
    return f"{request.url.scheme}://{request.url.netloc}{CALLBACK}"


def _set_cookie(request: Request, response: Response, purpose: str, value: str, seconds: int) -> None:
    response.set_cookie(
        cookie_name(request, purpose),
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
