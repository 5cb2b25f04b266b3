"""What must work after a release: health, the login flow, the dashboard, the super admin panel; and the front."""

from argparse import Namespace
from collections.abc import Callable
from urllib.parse import parse_qs, urljoin, urlsplit

from smoke.client import Answer, Client, Failed

CALLBACK = "/api/v1/auth/callback"


def health(client: Client, told: Namespace) -> None:
    body = client.get("/health").must_be(200).json()
    expected = {"status": "healthy", "environment": told.environment, "revision": told.revision}
    for name, value in expected.items():
        if value and body.get(name) != value:
            raise Failed(f"/health says {name} {body.get(name)!r}, expected {value!r}")


def login(client: Client, told: Namespace) -> None:
    landing = sign_in(client, told.user)
    email = client.get("/api/v1/auth/me").must_be(200, "the login left no session").json()["email"]
    if email != told.user:
        raise Failed(f"signed in as {email}, expected {told.user}")
    front = origin(urljoin(client.base_url, landing))
    if front != client.base_url:
        the_front_may_call_us(client, front)


def dashboard(client: Client, told: Namespace) -> None:
    markets = client.get("/api/v1/dashboard").must_be(200).json()["markets"]
    if not markets:
        raise Failed("the dashboard has no markets: is the database filled?")
    without = [market["name"] for market in markets if not market["prices"]]
    if without:
        raise Failed(f"no prices for {', '.join(without)}")
    must_show(client.get("/dashboard").must_be(200), markets[0]["name"])


def super_admin(client: Client, told: Namespace) -> None:
    sign_in(client, told.user)
    client.get("/api/v1/admin/users").must_be(403, f"{told.user} is no super admin and must not get in")
    sign_in(client, told.admin)
    users = client.get("/api/v1/admin/users").must_be(200, f"{told.admin} needs the super_admin role").json()["users"]
    must_show(client.get("/admin").must_be(200), users[0]["email"])


def front(client: Client, told: Namespace) -> None:
    """Before the very first release of the backend there is none; the front must say so then."""
    api = client.get("/health").must_be(200).json()["api"]
    if is_up(client, api):
        must_show(client.get("/").must_be(200), "</table>")
    else:
        must_show(client.get("/").must_be(502), "The markets can not be shown")


TESTS: dict[str, Callable[[Client, Namespace], None]] = {
    "health": health,
    "login": login,
    "dashboard": dashboard,
    "super_admin": super_admin,
    "front": front,
}
DEFAULT = ("health", "login", "dashboard", "super_admin")


def sign_in(client: Client, person: str) -> str:
    """Go through the whole login as `person`; returns the address where it lands."""
    callback = client.base_url + CALLBACK
    asked = client.get("/api/v1/auth/auth0-url", {"redirect_uri": callback, "login_hint": person})
    auth_url = asked.must_be(200, "the login can not begin").json()["auth_url"]
    if "audience" not in parse_qs(urlsplit(auth_url).query):
        raise Failed(f"'audience' missing in {auth_url.split('&state')[0]}: is AUTH0_AUDIENCE set?")
    refused = "is this address among the provider's allowed callback URLs?"
    back = location(client.get(auth_url).must_be(302, f"callback {callback_of(auth_url)!r}: {refused}"))
    if not back.startswith(callback):
        raise Failed(f"the provider sends people to {back.split('?')[0]}, not back to {callback}")
    return location(client.get(back).must_be(303, "the provider's answer was not accepted"))


def the_front_may_call_us(client: Client, front: str) -> None:
    """CORS: a browser on the front asks this before each call with a session."""
    asked = client.options("/api/v1/auth/me", {"Origin": front, "Access-Control-Request-Method": "GET"})
    allowed = asked.headers.get("Access-Control-Allow-Origin")
    if allowed != front or asked.headers.get("Access-Control-Allow-Credentials") != "true":
        raise Failed(f"CORS: the front {front} may not call the backend: is it in ALLOWED_ORIGINS?")


def is_up(client: Client, api: str) -> bool:
    try:
        return client.get(f"{api}/health").status == 200
    except Failed:
        return False


def must_show(answer: Answer, text: str) -> None:
    if text not in answer.text:
        raise Failed(f"{answer.url} does not show {text!r}: {answer.said()}")


def location(answer: Answer) -> str:
    return answer.headers["Location"]


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def callback_of(auth_url: str) -> str:
    return parse_qs(urlsplit(auth_url).query).get("redirect_uri", [""])[0]
