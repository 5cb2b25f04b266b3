"""A GitHub to work with: people push to it, and it tells of what happens there by webhooks."""

import base64
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import RLock
from typing import Any

from staging_gate.ports.clock import Clock
from staging_gate.testing.github import bodies, smart_http
from staging_gate.testing.github.by_hand import Hands
from staging_gate.testing.github.protecting import violation
from staging_gate.testing.github.stand_in import GitHubStandIn
from staging_gate.testing.github.state import Grant, Push
from staging_gate.testing.web import Reply, Request, json_reply

Tell = Callable[[str, Mapping[str, Any]], None]
READING = ("GET", "HEAD")


class RunningGitHub(GitHubStandIn):
    """`tell` is given each event that has a webhook at GitHub. Branches in `protected` are created by a push, and
    moved by pull requests only."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        name: str = "zebra/marketedge",
        tell: Tell = lambda event, body: None,
    ) -> None:
        super().__init__(folder, clock, name)
        self._tell = tell
        self._acting = RLock()

    def _git(self, request: Request, place: str) -> Reply:
        if place != smart_http.RECEIVE and request.query.get("service") != "git-receive-pack":
            return super()._git(request, place)
        coded = request.headers.get("authorization", "").partition(" ")[2]
        by = self.who(base64.b64decode(coded).decode().partition(":")[2])
        if by is None:
            return Reply(401, b"Invalid username or token.", {"www-authenticate": 'Basic realm="GitHub"'})
        with self._acting:
            before = self._refs()
            reply = smart_http.serve(self.host.path, place, request, self._closed_to(by, before))
            self._tell_of_refs(by, before)
        return reply

    def _api(self, request: Request) -> Reply:
        if request.method in READING:
            return super()._api(request)
        with self._acting:
            refs, states = self._refs(), {one.number: one.state for one in self.pulls}
            by = self.who(request.headers.get("authorization", "").partition(" ")[2]) or Grant("app", is_bot=True)
            reviewed = re.fullmatch(rf"/repos/{self.name}/pulls/(\d+)/reviews", request.path)
            reply = self._review(by, int(reviewed[1]), request) if reviewed else super()._api(request)
            self._tell_of_pulls(by, states)
            self._tell_of_refs(by, refs)
        return reply

    def _review(self, by: Grant, number: int, request: Request) -> Reply:
        """A person's word on the head as it is now: https://docs.github.com/en/rest/pulls/reviews"""
        states = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
        Hands(self, by.login).reviews(number, states[request.json()["event"]])
        made = self.reviews[number][-1]
        self._say("pull_request_review", by, {"action": "submitted", "review": made})
        return json_reply(200, made)

    def _closed_to(self, by: Grant, refs: Mapping[str, str]) -> set[str]:
        return self.protected | {ref for ref in refs if violation(self, by, ref, "update")}

    def _refs(self) -> dict[str, str]:
        listed = self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
        return dict(line.split(" ") for line in listed.splitlines())

    def _tell_of_refs(self, by: Grant, before: Mapping[str, str]) -> None:
        after = self._refs()
        for ref in sorted({*before, *after}):
            old, new = before.get(ref, bodies.ZERO), after.get(ref, bodies.ZERO)
            if old == new:
                continue
            if ref.startswith("refs/heads/") and new != bodies.ZERO:
                kind = "branch_creation" if old == bodies.ZERO else "push"
                self.pushes.append(Push(ref.removeprefix("refs/heads/"), old, new, by.login, kind, self.clock.now()))
            moved = {"ref": ref, "before": old, "after": new, "pusher": {"name": by.login}}
            self._say("push", by, {**moved, "created": old == bodies.ZERO, "deleted": new == bodies.ZERO})

    def _tell_of_pulls(self, by: Grant, before: Mapping[int, str]) -> None:
        for one in self.pulls:
            if before.get(one.number) != one.state:
                action = "opened" if one.number not in before else one.state.replace("open", "reopened")
                base = self.host.branches().get(one.base, bodies.ZERO)
                shown = bodies.pull(one, self.name, base, {"merged": one.merged_as is not None})
                self._say("pull_request", by, {"action": action, "number": one.number, "pull_request": shown})

    def _say(self, event: str, by: Grant, body: Mapping[str, Any]) -> None:
        whose = {"repository": bodies.repository(self.name), "sender": bodies.user(by.login, by.is_bot)}
        self._tell(event, {**body, **whose})
