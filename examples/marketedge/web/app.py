"""The front: one page that shows the backend's dashboard and signs people in. `uvicorn web.app:app`."""

import json
import os
from html import escape
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from common.page import page, table
from common.running import running

RUNNING = running(os.environ)
API_URL = os.environ.get("API_URL", "").rstrip("/")

CORNER = """<span id="person"><button id="sign-in">Sign in</button></span>
<script>
const api = %s + "/api/v1/auth"
const person = document.getElementById("person")
document.getElementById("sign-in").onclick = async () => {
  const answer = await fetch(`${api}/auth0-url?redirect_uri=${encodeURIComponent(api + "/callback")}`,
                             {credentials: "include"})
  location = (await answer.json()).auth_url
}
fetch(`${api}/me`, {credentials: "include"})
  .then(answer => answer.ok ? answer.json() : null)
  .then(user => { if (user) person.textContent = user.name })
</script>"""


def home(request: Request) -> HTMLResponse:
    try:
        body, status = market_table(dashboard()), 200
    except (URLError, TimeoutError, ValueError) as error:
        body, status = f"<p>The markets can not be shown: {escape(str(error))}</p>", 502
    return HTMLResponse(page("Markets", body, RUNNING, CORNER % json.dumps(API_URL)), status_code=status)


def health(request: Request) -> JSONResponse:
    """The front can do its work when it knows the backend; whether that one is up is its own health."""
    if not API_URL:
        why = "API_URL is not set: the front does not know its backend"
        return JSONResponse({"status": "unhealthy", **RUNNING.as_dict(), "why": why}, status_code=503)
    return JSONResponse({"status": "healthy", **RUNNING.as_dict(), "api": API_URL})


def dashboard() -> list[dict[str, Any]]:
    with urlopen(f"{API_URL}/api/v1/dashboard", timeout=5) as answer:
        markets: list[dict[str, Any]] = json.load(answer)["markets"]
    return markets


def market_table(markets: list[dict[str, Any]]) -> str:
    rows = []
    for market in markets:
        lowest = min(market["prices"], key=lambda price: price["price"])
        rows.append((market["name"], market["city"], lowest["seller"], f"£{lowest['price']:.2f}"))
    return table(("Market", "City", "Cheapest", "Price"), rows, numbers=frozenset({"Price"}))


app = Starlette(routes=[Route("/", home), Route("/health", health)])
