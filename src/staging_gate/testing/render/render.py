"""Services and deploys as Render keeps them, each look at a deploy a step further on its way."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from staging_gate.ports.clock import Clock
from staging_gate.testing.web import Fault, Reply, Request, WebServer, json_reply

KEY = "rnd_of_no_value"
MINUTE = timedelta(minutes=1)
OWNER = "tea-of-nobody"
ON_THE_WAY = ("build_in_progress", "update_in_progress", "live")
Route = Callable[..., Reply]


@dataclass
class Made:
    """A deploy. `ahead` are the states that it will be in, one for each look."""

    id: str
    commit: str
    trigger: str
    at: datetime
    status: str = "created"
    ahead: list[str] = field(default_factory=lambda: [*ON_THE_WAY])
    listed: int = 0
    """How many looks at the list it is not in yet."""


@dataclass
class Hosted:
    """A service. `artifacts` are the deploys whose build is still there; `broken` says how a commit will end."""

    id: str
    kind: str = "web_service"
    auto_deploy: str = "yes"
    suspended: bool = False
    suspenders: list[str] = field(default_factory=list)
    repo: str | None = "https://github.com/zebra/marketedge"
    branch: str | None = "main"
    image: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    deploys: list[Made] = field(default_factory=list)
    artifacts: set[str] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    logs: list[tuple[datetime, str]] = field(default_factory=list)


class RenderStandIn:
    """To be used as a context. `commit_known`: whether deploys say which commit they are of. `revoked`: the key is no
    more. `away_until` that moment everything is answered with 503. `at_each_look` is called when a deploy is asked for.

    `limits`, where there are any, is how much may be asked in a minute of which kind, such as {"POST deploys": 10}; for
    all others `*`. `refused` are those that came over it. `examine` sees every request.
    """

    def __init__(self, clock: Clock, examine: Callable[[Request], None] = lambda _: None) -> None:
        self._clock = clock
        self._examine = examine
        self.away_until: datetime | None = None
        self.limits: dict[str, int] = {}
        self.refused: list[str] = []
        self._asked: dict[str, list[datetime]] = {}
        self._skipped: str | None = None
        self.at_each_look: Callable[[], object] = int
        self._turn = RLock()
        self._number = 0
        self._lost: list[str] = []
        self._next: list[tuple[str, Reply]] = []
        self._queued = 0
        self.commit_known = True
        self.revoked = False
        self.services: dict[str, Hosted] = {}
        self.web = WebServer(self._answer)

    def __enter__(self) -> "RenderStandIn":
        self.web.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.web.__exit__()

    @property
    def address(self) -> str:
        return f"{self.web.address}/v1"

    def host(self, id: str) -> Hosted:
        return self.services.setdefault(id, Hosted(id))

    def lose_reply(self, to: str) -> None:
        """The next answer to such a call (`POST deploys`) is lost, after it was done."""
        self._lost.append(to)

    def answer_next(self, to: str, reply: Reply) -> None:
        """The next such call is answered with this, and not done."""
        self._next.append((to, reply))

    def queue_next(self, looks: int = 2) -> None:
        """The next deploy is answered 202 with nothing, and is listed only after so many looks at the list."""
        self._queued = looks

    def skip_next(self, instead: str) -> None:
        """The next deploy waits behind another and is never begun: somebody deploys this commit after it."""
        self._skipped = instead

    def push(self, service: str, commit: str) -> None:
        """Somebody pushes; where the service deploys itself, it does."""
        if self.services[service].auto_deploy == "yes":
            self._finish(self._begin(self.services[service], commit, "new_commit"))

    def deployed_by_hand(self, service: str, commit: str) -> Made:
        """On the service's own page."""
        made = self._begin(self.services[service], commit, "manual")
        self._finish(made)
        return made

    def _finish(self, made: Made) -> None:
        host = next(host for host in self.services.values() if made in host.deploys)
        while made.ahead:
            self._step(host, made)

    def _answer(self, request: Request) -> Reply:
        with self._turn:
            self._examine(request)
            if self.away_until is not None and self._clock.now() < self.away_until:
                return json_reply(503, {"message": "service unavailable"})
            if self.revoked or request.headers.get("authorization") != f"Bearer {KEY}":
                return json_reply(401, {"message": "Unauthorized"}, self._limits())
            path = request.path.removeprefix("/v1")
            called = f"{request.method} {path.rsplit('/', 1)[-1]}"
            if (left := self._over_its_limit(called)) is not None:
                limits = {"Ratelimit-Limit": "10", "Ratelimit-Remaining": "0", "Ratelimit-Reset": str(left)}
                return json_reply(429, {"message": "rate limit exceeded"}, limits)
            for index, (to, reply) in enumerate(self._next):
                if to == called:
                    del self._next[index]
                    return reply
            reply = self._routed(request, path)
            if called in self._lost:
                self._lost.remove(called)
                return Reply(fault=Fault.LOST)
            return reply

    def _routed(self, request: Request, path: str) -> Reply:
        if (request.method, path) == ("GET", "/owners"):
            return self._json(200, [{"owner": {"id": OWNER, "name": "zebra", "type": "team"}, "cursor": OWNER}])
        for method, pattern, answer in self._routes():
            if request.method == method and (found := re.fullmatch(pattern, path)):
                id = found[1] if found.groups() else request.query.get("resource", "")
                if (host := self.services.get(id)) is None:
                    return json_reply(404, {"message": f"not found: {id}"}, self._limits())
                return answer(host, request, *found.groups()[1:])
        return json_reply(404, {"message": "not found"}, self._limits())

    def _over_its_limit(self, called: str) -> int | None:
        """The seconds that are left until it may be asked again. Minutes begin with the first request."""
        kind = called if called in self.limits else "*"
        now, most = self._clock.now(), self.limits.get(kind)
        if most is None:
            return None
        asked = self._asked.setdefault(kind, [])
        if asked and now - asked[0] >= MINUTE:
            asked.clear()
        if len(asked) >= most:
            self.refused.append(called)
            return max(0, int((asked[0] + MINUTE - now).total_seconds()))
        asked.append(now)
        return None

    def _routes(self) -> list[tuple[str, str, Route]]:
        service = r"/services/([^/]+)"
        return [
            ("GET", service, self._show),
            ("PATCH", service, self._patch),
            ("GET", rf"{service}/deploys", self._list),
            ("POST", rf"{service}/deploys", self._deploy),
            ("GET", rf"{service}/deploys/([^/]+)", self._look),
            ("POST", rf"{service}/deploys/([^/]+)/cancel", self._cancel),
            ("POST", rf"{service}/rollback", self._roll_back),
            ("POST", rf"{service}/suspend", self._suspend),
            ("POST", rf"{service}/resume", self._resume),
            ("GET", rf"{service}/env-vars", self._variables),
            ("GET", "/logs", self._logs),
        ]

    def _show(self, host: Hosted, request: Request) -> Reply:
        return self._json(200, self._service(host))

    def _patch(self, host: Hosted, request: Request) -> Reply:
        host.auto_deploy = request.json().get("autoDeploy", host.auto_deploy)
        return self._json(200, self._service(host))

    def _list(self, host: Hosted, request: Request) -> Reply:
        found = []
        for made in reversed(host.deploys):
            made.listed -= 1
            if made.listed < 0 and request.query.get("status") in (None, made.status):
                found.append({"deploy": self._shown(made), "cursor": made.id})
        after = request.query.get("cursor")
        start = next((n + 1 for n, one in enumerate(found) if one["cursor"] == after), 0)
        return self._json(200, found[start : start + int(request.query.get("limit", "20"))])

    def _deploy(self, host: Hosted, request: Request) -> Reply:
        if self._skipped:
            self._finish(self._begin(host, self._skipped, "manual"))
            self._skipped = None
            return Reply(202, b"", self._limits())
        made = self._begin(host, request.json()["commitId"], "api")
        if self._queued:
            self._queued, made.listed = 0, self._queued
            return Reply(202, b"", self._limits())
        return self._json(201, self._shown(made))

    def _look(self, host: Hosted, request: Request, id: str) -> Reply:
        made = next((made for made in host.deploys if made.id == id), None)
        if made is None:
            return self._json(404, {"message": f"not found: {id}"})
        self.at_each_look()
        self._step(host, made)
        return self._json(200, self._shown(made))

    def _cancel(self, host: Hosted, request: Request, id: str) -> Reply:
        made = next(made for made in host.deploys if made.id == id)
        made.status, made.ahead = "canceled", []
        return self._json(200, self._shown(made))

    def _roll_back(self, host: Hosted, request: Request) -> Reply:
        id = request.json()["deployId"]
        if id not in host.artifacts:
            return self._json(404, {"message": f"not found: {id}"})
        before = next(made for made in host.deploys if made.id == id)
        return self._json(201, self._shown(self._begin(host, before.commit, "rollback")))

    def _suspend(self, host: Hosted, request: Request) -> Reply:
        host.suspended, host.suspenders = True, ["user"]
        return Reply(202, b"", self._limits())

    def _resume(self, host: Hosted, request: Request) -> Reply:
        host.suspended, host.suspenders = False, []
        return Reply(202, b"", self._limits())

    def _variables(self, host: Hosted, request: Request) -> Reply:
        found = [{"envVar": {"key": key, "value": value}, "cursor": key} for key, value in host.variables.items()]
        return self._json(200, found)

    def _logs(self, host: Hosted, request: Request) -> Reply:
        since = datetime.fromisoformat(request.query["startTime"])
        lines = [(at, line) for at, line in host.logs if at.replace(microsecond=0) >= since]
        if request.query["direction"] == "backward":
            lines.reverse()
        said = [{"id": str(n), "message": line, "timestamp": at.isoformat()} for n, (at, line) in enumerate(lines)]
        return self._json(200, {"hasMore": False, "nextStartTime": "", "logs": said[: int(request.query["limit"])]})

    def _begin(self, host: Hosted, commit: str, trigger: str) -> Made:
        self._number += 1
        made = Made(f"dep-{self._number:020d}", commit, trigger, self._clock.now())
        if failure := host.broken.get(commit):
            made.ahead = ["build_in_progress", failure]
            host.logs.append((made.at, "==> Exited with status 1"))
        host.deploys.append(made)
        return made

    def _step(self, host: Hosted, made: Made) -> None:
        if not made.ahead:
            return
        made.status = made.ahead.pop(0)
        if made.status == "live":
            for other in host.deploys:
                if other is not made and other.status == "live":
                    other.status = "deactivated"
            host.artifacts.add(made.id)

    def _service(self, host: Hosted) -> dict[str, Any]:
        """`autoDeployTrigger` is in real bodies and in no specification."""
        return {
            "id": host.id,
            "name": host.id.removeprefix("srv-"),
            "ownerId": OWNER,
            "type": host.kind,
            "autoDeploy": host.auto_deploy,
            "autoDeployTrigger": "commit" if host.auto_deploy == "yes" else "off",
            "suspended": "suspended" if host.suspended else "not_suspended",
            "suspenders": host.suspenders,
            "serviceDetails": self._details(host),
            **({"imagePath": host.image} if host.image else {"repo": host.repo, "branch": host.branch}),
        }

    def _details(self, host: Hosted) -> dict[str, Any]:
        """Private services have an address that leads nowhere from outside, workers and cron jobs none."""
        url = {
            "web_service": {"url": f"https://{host.id}.onrender.invalid"},
            "static_site": {"url": f"https://{host.id}.onrender.invalid"},
            "private_service": {"url": f"{host.id.removeprefix('srv-')}:10000"},
        }
        return {**url.get(host.kind, {}), "env": "python", "plan": "starter"}

    def _shown(self, made: Made) -> dict[str, Any]:
        commit = {"id": made.commit, "message": "", "createdAt": made.at.isoformat()} if self.commit_known else None
        stamps = {"createdAt": made.at.isoformat(), "updatedAt": made.at.isoformat(), "startedAt": made.at.isoformat()}
        return {"id": made.id, "commit": commit, "status": made.status, "trigger": made.trigger, **stamps}

    def _json(self, status: int, value: object) -> Reply:
        return json_reply(status, value, self._limits())

    def _limits(self) -> dict[str, str]:
        return {"Ratelimit-Limit": "400", "Ratelimit-Remaining": "399", "Ratelimit-Reset": "57"}
