"""Webhooks of the stand-in: what it sent, whether that arrived, and who may see it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from staging_gate.testing.github import bodies
from staging_gate.testing.github.state import Asked
from staging_gate.testing.web import Reply, json_reply

if TYPE_CHECKING:
    from staging_gate.testing.github.stand_in import GitHubStandIn

Json = dict[str, Any]
NOT_FOUND = json_reply(404, bodies.error("Not Found"))
REPOSITORY = 617210


@dataclass
class Delivering:
    """`hooks` are the addresses of the repository's webhooks, by number; `sent` is what was sent, the oldest first.

    `shown` False: the token lacks the right to see webhooks.
    """

    hooks: dict[int, str] = field(default_factory=dict)
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


def hooks(github: "GitHubStandIn", asked: Asked) -> Reply:
    if not github.delivering.shown:
        needed = {"x-accepted-github-permissions": "repository_hooks=read"}
        return json_reply(403, bodies.error("Resource not accessible by personal access token"), needed)
    listed = [
        {"id": id, "type": "Repository", "name": "web", "active": True, "events": ["*"], "config": {"url": url}}
        for id, url in github.delivering.hooks.items()
    ]
    return json_reply(200, listed)


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


Answer = Callable[["GitHubStandIn", Asked], Reply]

ROUTES: tuple[tuple[str, str, bool, Answer], ...] = (
    ("GET", "/hooks", False, hooks),
    ("GET", r"/hooks/(\d+)/deliveries", False, of_hook),
    ("GET", r"/hooks/(\d+)/deliveries/(\d+)", False, one_of_hook),
    ("GET", "/app/hook/deliveries", True, of_app),
    ("GET", r"/app/hook/deliveries/(\d+)", True, one_of_app),
)
