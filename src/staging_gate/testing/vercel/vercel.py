"""Vercel's API and the deployments that it serves, at one address of this machine."""

import re
from collections.abc import Callable
from datetime import datetime
from threading import RLock
from typing import Any

from staging_gate.ports.clock import Clock
from staging_gate.testing.vercel.projects import BYPASS, TOKEN, Hosted, Made
from staging_gate.testing.web import Fault, Reply, Request, WebServer, json_reply

Route = Callable[..., Reply]


class VercelStandIn:
    """To be used as a context. `look` sees every request before it is answered. `away_until` that moment everything is
    answered with 503."""

    def __init__(self, clock: Clock, look: Callable[[Request], object] = lambda _: None) -> None:
        self._clock = clock
        self.look = look
        self._turn = RLock()
        self._lost: list[str] = []
        self._next: list[tuple[str, Reply]] = []
        self._number = 0
        self.away_until: datetime | None = None
        self.token = TOKEN
        self.projects: dict[str, Hosted] = {}
        self.web = WebServer(self._answer)

    def __enter__(self) -> "VercelStandIn":
        self.web.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.web.__exit__()

    @property
    def address(self) -> str:
        return self.web.address

    def host(self, id: str, *domains: str) -> Hosted:
        return self.projects.setdefault(id, Hosted(id, id.removeprefix("prj_"), list(domains)))

    def lose_reply(self, to: str) -> None:
        """The next answer to such a call (`POST promote`) is lost, after it was done."""
        self._lost.append(to)

    def answer_next(self, to: str, reply: Reply) -> None:
        """The next such call is answered with this, and not done."""
        self._next.append((to, reply))

    def push(self, project: str, commit: str) -> Made:
        """Somebody pushes to its production branch, and Vercel builds that by itself."""
        host = self.projects[project]
        made = self._begin(host, commit, "production", {"githubCommitSha": commit}, "git")
        while made.ahead:
            host.step(made)
        return made

    def promote_by_hand(self, project: str, deployment: str, kind: str = "promote") -> None:
        """Somebody does that on the pages of Vercel, and it is over at once."""
        host = self.projects[project]
        host.ask_to_switch(kind, deployment, self._clock.now())
        host.step_switching()
        host.step_switching()

    def _answer(self, request: Request) -> Reply:
        with self._turn:
            self.look(request)
            if request.path.startswith("/served/"):
                return self._serve(request)
            if self.away_until is not None and self._clock.now() < self.away_until:
                return json_reply(503, {"error": {"code": "internal_server_error", "message": "unavailable"}})
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return _no(403, "forbidden", "Not authorized", invalidToken=True)
            called = _called(request)
            for index, (to, reply) in enumerate(self._next):
                if to == called:
                    del self._next[index]
                    return reply
            reply = self._routed(request)
            if called in self._lost:
                self._lost.remove(called)
                return Reply(fault=Fault.LOST)
            return reply

    def _routed(self, request: Request) -> Reply:
        for method, pattern, answer in self._routes():
            if request.method == method and (found := re.fullmatch(pattern, request.path)):
                return answer(request, *found.groups())
        return _no(404, "not_found", "The requested API endpoint was not found")

    def _routes(self) -> list[tuple[str, str, Route]]:
        one = r"([^/]+)"
        return [
            ("GET", rf"/v9/projects/{one}", self._of_project(self._project)),
            ("PATCH", rf"/v9/projects/{one}", self._of_project(self._patch)),
            ("POST", r"/v13/deployments", self._deploy),
            ("GET", rf"/v13/deployments/{one}", self._of_deployment(self._deployment)),
            ("GET", r"/v6/deployments", self._list),
            ("PATCH", rf"/v12/deployments/{one}/cancel", self._of_deployment(self._cancel)),
            ("GET", rf"/v3/deployments/{one}/events", self._of_deployment(self._events)),
            ("POST", rf"/v10/projects/{one}/promote/{one}", self._of_project(self._promote)),
            ("POST", rf"/v1/projects/{one}/rollback/{one}", self._of_project(self._roll_back)),
            ("GET", rf"/v1/projects/{one}/promote/aliases", self._of_project(self._failed)),
            ("POST", rf"/v1/projects/{one}/(pause|unpause)", self._of_project(self._pause)),
            ("GET", rf"/v4/aliases/{one}", self._alias),
            ("DELETE", rf"/v2/aliases/{one}", self._take_away),
            ("POST", rf"/v2/deployments/{one}/aliases", self._of_deployment(self._assign)),
            ("GET", rf"/v10/projects/{one}/env", self._of_project(self._variables)),
            ("GET", rf"/v1/projects/{one}/env/{one}", self._of_project(self._variable)),
        ]

    def _of_project(self, answer: Route) -> Route:
        def found(request: Request, id: str, *more: str) -> Reply:
            host = self.projects.get(id)
            if host is None:
                return _no(404, "not_found", "Project not found.")
            if request.query.get("teamId", "") != host.team:
                return _no(403, "forbidden", "You don't have permission to access this resource.")
            return answer(host, request, *more)

        return found

    def _of_deployment(self, answer: Route) -> Route:
        def found(request: Request, id: str, *more: str) -> Reply:
            for host in self.projects.values():
                if made := host.find(id):
                    return answer(host, made, request, *more)
            return _no(404, "not_found", "The deployment was not found")

        return found

    # --- projects ----------------------------------------------------------------------------------------------------

    def _project(self, host: Hosted, request: Request) -> Reply:
        host.step_switching()
        return json_reply(200, host.shown())

    def _patch(self, host: Hosted, request: Request) -> Reply:
        host.auto_assign = request.json().get("autoAssignCustomDomains", host.auto_assign)
        return json_reply(200, host.shown())

    def _pause(self, host: Hosted, request: Request, what: str) -> Reply:
        host.paused = what == "pause"
        return Reply(200)

    def _promote(self, host: Hosted, request: Request, id: str) -> Reply:
        made = host.find(id)
        if made is None or made.state != "READY":
            return _no(404, "not_found", "The deployment was not found")
        if made.target != "production":
            return _no(400, "bad_request", "Only production deployments can be promoted.")
        host.ask_to_switch("promote", id, self._clock.now())
        return json_reply(202 if host.rolling else 201, None)

    def _roll_back(self, host: Hosted, request: Request, id: str) -> Reply:
        made = host.find(id)
        if made is None:
            return _no(410, "gone", "The deployment was deleted")
        if not made.was_live:
            return _no(422, "unprocessable_entity", "The deployment is no candidate for a rollback.")
        if host.hobby and id != host.before:
            return _no(402, "payment_required", "Upgrade to Pro to roll back further than one deployment.")
        host.ask_to_switch("rollback", id, self._clock.now())
        return json_reply(201, None)

    def _failed(self, host: Hosted, request: Request) -> Reply:
        ended = host.switching and host.switching["jobStatus"] == "failed"
        found = [{"alias": name, "status": "failed", "id": "job"} for name in host.domains] if ended else []
        return json_reply(200, {"aliases": found, "pagination": {"count": len(found), "next": None, "prev": None}})

    def _variables(self, host: Hosted, request: Request) -> Reply:
        hidden = [{**one, "value": _hidden(one), "decrypted": False} for one in host.variables]
        return json_reply(200, {"envs": hidden})

    def _variable(self, host: Hosted, request: Request, id: str) -> Reply:
        found = next((one for one in host.variables if one["id"] == id), None)
        if found is None:
            return _no(404, "not_found", "The environment variable was not found")
        sensitive = found["type"] == "sensitive"
        return json_reply(200, {**found, "value": "" if sensitive else found["value"], "decrypted": not sensitive})

    # --- deployments -------------------------------------------------------------------------------------------------

    def _deploy(self, request: Request) -> Reply:
        wish = request.json()
        host = self.projects.get(wish.get("project", ""))
        if host is None or request.query.get("teamId", "") != host.team:
            return _no(404, "not_found", "Project not found.")
        target = wish.get("customEnvironmentSlugOrId", wish.get("target"))
        made = self._begin(host, wish["gitSource"]["sha"], target, wish.get("meta", {}))
        return json_reply(200, host.shown_deployment(made, self._served(made), listed=False))

    def _deployment(self, host: Hosted, made: Made, request: Request) -> Reply:
        host.step(made)
        return json_reply(200, host.shown_deployment(made, self._served(made), listed=False))

    def _list(self, request: Request) -> Reply:
        host = self.projects[request.query["projectId"]]
        since, until = int(request.query.get("since", "0")), int(request.query.get("until", "9" * 15))
        found = [made for made in reversed(host.deployments) if since <= made.at.timestamp() * 1000 < until]
        page = found[: int(request.query.get("limit", "20"))]
        following = int(page[-1].at.timestamp() * 1000) if len(page) < len(found) else None
        shown = [host.shown_deployment(made, self._served(made), listed=True) for made in page]
        pages = {"count": len(page), "next": following, "prev": None}
        return json_reply(200, {"deployments": shown, "pagination": pages})

    def _cancel(self, host: Hosted, made: Made, request: Request) -> Reply:
        made.state, made.ahead = "CANCELED", []
        return json_reply(200, host.shown_deployment(made, self._served(made), listed=False))

    def _events(self, host: Hosted, made: Made, request: Request) -> Reply:
        """Two shapes beside each other, and nothing of some."""
        said = [
            {"type": "stdout", "created": 1, "payload": {"text": 'Running "next build"', "deploymentId": made.id}},
            {"type": "stderr", "created": 2, "text": 'Error: Command "next build" exited with 1\n', "info": {}},
            {"type": "deployment-state", "created": 3, "payload": {"info": {"readyState": made.state}}},
            None,
        ]
        return json_reply(200, said[::-1] if request.query.get("direction") == "backward" else said)

    def _assign(self, host: Hosted, made: Made, request: Request) -> Reply:
        name = request.json()["alias"]
        if host.leads.get(name) == made.id:
            return _no(409, "alias_exists", "The alias is already assigned to this deployment")
        if made.state != "READY":
            return _no(400, "deployment_not_ready", "The deployment is not ready")
        before = host.leads.get(name)
        host.leads[name] = made.id
        return json_reply(200, {"uid": f"al_{name}", "alias": name, "created": "", "oldDeploymentId": before})

    def _alias(self, request: Request, name: str) -> Reply:
        for host in self.projects.values():
            host.step_switching()
            if name in host.leads:
                found = {"uid": f"al_{name}", "alias": name, "deploymentId": host.leads[name], "projectId": host.id}
                return json_reply(200, {**found, "redirect": None})
            if name in host.domains:
                return json_reply(200, {"uid": f"al_{name}", "alias": name, "deploymentId": None, "projectId": host.id})
        return _no(404, "not_found", "The alias was not found")

    def _take_away(self, request: Request, name: str) -> Reply:
        for host in self.projects.values():
            if host.leads.pop(name, None):
                return json_reply(200, {"status": "SUCCESS"})
        return _no(404, "not_found", "The alias was not found")

    def _begin(
        self,
        host: Hosted,
        commit: str,
        target: str | None,
        meta: dict[str, str],
        source: str = "api-trigger-git-deploy",
    ) -> Made:
        self._number += 1
        made = Made(f"dpl_{self._number:024d}", commit, target, self._clock.now(), source, meta)
        if end := host.broken.get(commit):
            made.ahead = ["BUILDING", end]
        host.deployments.append(made)
        return made

    # --- what is served ----------------------------------------------------------------------------------------------

    def _served(self, made: Made) -> str:
        """With its scheme, other than the real one, so that it can be asked here."""
        return f"{self.address}/served/{made.id}"

    def _serve(self, request: Request) -> Reply:
        id = request.path.split("/")[2]
        host, made = next(((one, found) for one in self.projects.values() if (found := one.find(id))), (None, None))
        if host is None or made is None or made.state != "READY":
            return Reply(404, b"DEPLOYMENT_NOT_FOUND")
        if host.protected and request.headers.get("x-vercel-protection-bypass") != BYPASS:
            return Reply(401, b"<html>Authentication Required</html>", {"content-type": "text/html"})
        if made.commit in host.unwell:
            return json_reply(500, {"status": "unhealthy"})
        environment = host.says.get(made.target, "staging")
        return json_reply(200, {"status": "healthy", "environment": environment, "revision": made.commit})


def _called(request: Request) -> str:
    """`POST promote` for /v10/projects/prj/promote/dpl; ids are left out."""
    words = [word for word in request.path.split("/") if re.fullmatch(r"[a-z]+", word)]
    return f"{request.method} {words[-1] if words else ''}"


def _hidden(variable: dict[str, Any]) -> str:
    return str(variable["value"]) if variable["type"] == "plain" else ""


def _no(status: int, code: str, message: str, **more: object) -> Reply:
    return json_reply(status, {"error": {"code": code, "message": message, **more}})
