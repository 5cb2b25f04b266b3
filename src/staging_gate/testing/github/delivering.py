"""Webhooks of the stand-in: where they send to, what it sent, whether that arrived, and who may see it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from staging_gate.adapters.github.webhooks import EVENTS, OF_APPS
from staging_gate.testing.github import bodies
from staging_gate.testing.github.protecting import administers
from staging_gate.testing.github.state import Asked
from staging_gate.testing.web import Reply, json_reply

if TYPE_CHECKING:
    from staging_gate.testing.github.stand_in import GitHubStandIn

Json = dict[str, Any]
NOT_FOUND = json_reply(404, bodies.error("Not Found"))
REPOSITORY = 617210


@dataclass
class Delivering:
    """`hooks` are the repository's webhooks, by number; `of_app` is the App's, None where it is switched off, and
    `app_events` what the App is subscribed to. `sent` is what was sent, the oldest first.

    `shown` False: the token lacks the right to see webhooks. `answers` is how what is sent again is answered.
    """

    hooks: dict[int, Json] = field(default_factory=dict)
    of_app: Json | None = field(default_factory=lambda: config("https://else.example.com/"))
    app_events: list[str] = field(default_factory=lambda: sorted(EVENTS | OF_APPS))
    answers: int = 202
    sent: list[Json] = field(default_factory=list)
    shown: bool = True

    def sends(self, event: str, at: datetime, payload: Json | None = None, *, status: int = 502, guid: str = "") -> str:
        """Note a delivery, which was answered with `status`; returns its guid. One with the same guid is one that was
        sent again."""
        guid = guid or str(uuid4())
        told = {
            "id": 12_000_000_000 + len(self.sent),
            "guid": guid,
            "delivered_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "redelivery": any(one["guid"] == guid for one in self.sent),
            "duration": 0.27,
            "status": "OK" if status < 400 else "failed to connect",
            "status_code": status,
            "event": event,
            "action": None,
            "installation_id": None,
            "repository_id": REPOSITORY,
            "throttled_at": None,
        }
        self.sent.append({**told, "request": {"headers": {}, "payload": payload or {}}})
        return guid


def config(url: str, secret: str = "", **more: Any) -> Json:
    return {"url": url, "content_type": "json", "insecure_ssl": "0", **({"secret": secret} if secret else {}), **more}


def hook(url: str, secret: str = "", events: Iterable[str] = tuple(EVENTS), **more: Any) -> Json:
    unused = {"code": None, "status": "unused", "message": None}
    told = {"type": "Repository", "name": "web", "active": True, "events": sorted(events)}
    return {**told, "config": config(url, secret), "last_response": unused, **more}


def hooks(github: "GitHubStandIn", asked: Asked) -> Reply:
    return _unseen(github) or json_reply(200, [_shown(id, one) for id, one in github.delivering.hooks.items()])


def create_hook(github: "GitHubStandIn", asked: Asked) -> Reply:
    if no := _unseen(github) or _no_administrator(github, asked):
        return no
    wanted, known = asked.request.json(), github.delivering.hooks
    if wanted["name"] != "web" or not wanted["config"].get("url"):
        return json_reply(422, bodies.error("Validation Failed"))
    if any(_same(one, wanted) for one in known.values()):
        twice = {"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}
        return json_reply(422, bodies.error("Validation Failed", twice))
    id = max(known, default=10) + 1
    known[id] = hook(wanted["config"]["url"], "", wanted.get("events", ["push"]), active=wanted.get("active", True))
    known[id]["config"] = {"insecure_ssl": "0", "content_type": "form", **wanted["config"]}
    return json_reply(201, _shown(id, known[id]))


def edit_hook(github: "GitHubStandIn", asked: Asked) -> Reply:
    """A configuration replaces the one before: what it leaves out is gone."""
    known = github.delivering.hooks.get(asked.number())
    if no := _unseen(github) or _no_administrator(github, asked) or (None if known else NOT_FOUND):
        return no
    assert known
    wanted = asked.request.json()
    events = set(wanted.get("events", known["events"])) | set(wanted.get("add_events", []))
    known.update(events=sorted(events), active=wanted.get("active", known["active"]))
    known["config"] = {"insecure_ssl": "0", "content_type": "form", **wanted.get("config", known["config"])}
    return json_reply(200, _shown(asked.number(), known))


def delete_hook(github: "GitHubStandIn", asked: Asked) -> Reply:
    if no := _unseen(github) or _no_administrator(github, asked):
        return no
    return Reply(204) if github.delivering.hooks.pop(asked.number(), None) else NOT_FOUND


def app(github: "GitHubStandIn", asked: Asked) -> Reply:
    return json_reply(200, {"id": 99, "slug": "gate", "events": github.delivering.app_events})


def app_config(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = github.delivering.of_app
    return NOT_FOUND if found is None else json_reply(200, _masked(found))


def edit_app_config(github: "GitHubStandIn", asked: Asked) -> Reply:
    github.delivering.of_app = {**(github.delivering.of_app or {}), **asked.request.json()}
    return json_reply(200, _masked(github.delivering.of_app))


def again_of_hook(github: "GitHubStandIn", asked: Asked) -> Reply:
    known = github.delivering.hooks.get(asked.number())
    if known:
        known["last_response"] = {"code": github.delivering.answers, "status": "active", "message": "OK"}
    return _again(github, int(asked.found[2]))


def again_of_app(github: "GitHubStandIn", asked: Asked) -> Reply:
    return _again(github, asked.number())


def of_hook(github: "GitHubStandIn", asked: Asked) -> Reply:
    return _listed(github, asked) if asked.number() in github.delivering.hooks else NOT_FOUND


def of_app(github: "GitHubStandIn", asked: Asked) -> Reply:
    return _listed(github, asked)


def one_of_hook(github: "GitHubStandIn", asked: Asked) -> Reply:
    return _one(github, int(asked.found[2]))


def one_of_app(github: "GitHubStandIn", asked: Asked) -> Reply:
    return _one(github, asked.number())


def _listed(github: "GitHubStandIn", asked: Asked) -> Reply:
    """Newest first, page by page by a cursor."""
    query = asked.request.query
    newest = [{k: v for k, v in one.items() if k != "request"} for one in reversed(github.delivering.sent)]
    size, begin = int(query.get("per_page", "30")), int(query.get("cursor", "v1_0").removeprefix("v1_"))
    following = f"{github.api}{asked.request.path}?per_page={size}&cursor=v1_{begin + size}"
    link = {"link": f'<{following}>; rel="next"'} if begin + size < len(newest) else {}
    return json_reply(200, newest[begin : begin + size], link)


def _one(github: "GitHubStandIn", id: int) -> Reply:
    found = next((one for one in github.delivering.sent if one["id"] == id), None)
    return json_reply(200, found) if found else NOT_FOUND


def _again(github: "GitHubStandIn", id: int) -> Reply:
    found = next((one for one in github.delivering.sent if one["id"] == id), None)
    if found is None:
        return NOT_FOUND
    again, at = github.delivering, github.clock.now()
    again.sends(found["event"], at, found["request"]["payload"], status=again.answers, guid=found["guid"])
    return json_reply(202, {})


def _unseen(github: "GitHubStandIn") -> Reply | None:
    if github.delivering.shown:
        return None
    needed = {"x-accepted-github-permissions": "repository_hooks=read"}
    return json_reply(403, bodies.error("Resource not accessible by personal access token"), needed)


def _no_administrator(github: "GitHubStandIn", asked: Asked) -> Reply | None:
    return None if administers(github, asked.by) else NOT_FOUND


def _same(one: Json, wanted: Json) -> bool:
    return bool(one["config"]["url"] == wanted["config"]["url"])


def _shown(id: int, one: Json) -> Json:
    return {**one, "id": id, "config": _masked(one["config"])}


def _masked(config: Json) -> Json:
    """A secret is never told again."""
    return {**config, **({"secret": "********"} if config.get("secret") else {})}


Answer = Callable[["GitHubStandIn", Asked], Reply]

ROUTES: tuple[tuple[str, str, bool, Answer], ...] = (
    ("GET", "/hooks", False, hooks),
    ("POST", "/hooks", False, create_hook),
    ("PATCH", r"/hooks/(\d+)", False, edit_hook),
    ("DELETE", r"/hooks/(\d+)", False, delete_hook),
    ("POST", r"/hooks/(\d+)/deliveries/(\d+)/attempts", False, again_of_hook),
    ("GET", "/app", True, app),
    ("GET", "/app/hook/config", True, app_config),
    ("PATCH", "/app/hook/config", True, edit_app_config),
    ("POST", r"/app/hook/deliveries/(\d+)/attempts", True, again_of_app),
    ("GET", r"/hooks/(\d+)/deliveries", False, of_hook),
    ("GET", r"/hooks/(\d+)/deliveries/(\d+)", False, one_of_hook),
    ("GET", "/app/hook/deliveries", True, of_app),
    ("GET", r"/app/hook/deliveries/(\d+)", True, one_of_app),
)
