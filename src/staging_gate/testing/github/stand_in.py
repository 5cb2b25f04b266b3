"""The stand-in itself: who may ask, what goes wrong on request, and which function answers."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt

from staging_gate.adapters.git import GitCodeHost
from staging_gate.adapters.git.program import Git
from staging_gate.ports.clock import Clock
from staging_gate.testing.github import bodies, smart_http
from staging_gate.testing.github.by_hand import Hands
from staging_gate.testing.github.delivering import Delivering
from staging_gate.testing.github.protecting import Guard
from staging_gate.testing.github.routes import ROUTES
from staging_gate.testing.github.state import Asked, Grant, Pull, Push
from staging_gate.testing.github.told import ToldState
from staging_gate.testing.web import Fault, Reply, Request, WebServer, json_reply

BAD_CREDENTIALS = json_reply(401, bodies.error("Bad credentials"))
NOT_FOUND = json_reply(404, bodies.error("Not Found"))
LIFE_OF_A_TOKEN = timedelta(hours=1)


@dataclass
class Trouble:
    """What goes wrong with the next `times` requests of this kind: `reply` instead of doing it, or after it is done.

    `path` is a regular expression that is searched for in the path.
    """

    reply: Reply
    method: str = ".*"
    path: str = ""
    times: int = 1
    done: bool = False

    def meets(self, request: Request) -> bool:
        return (
            self.times > 0
            and re.fullmatch(self.method, request.method) is not None
            and re.search(self.path, request.path) is not None
        )


Json = dict[str, Any]
LOST = Reply(fault=Fault.LOST)


class GitHubStandIn:
    """One repository, and one App with `rights` on it. `particulars` replace what is said of the repository.

    `counted` is how many requests the limit of an hour would have counted. Served at `address` (the API below /api/v3,
    as on GitHub Enterprise Server)."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        name: str = "zebra/marketedge",
        examine: Callable[[Request], None] = lambda _: None,
    ) -> None:
        """`examine` sees every request to the API before it is answered."""
        self.name, self.clock = name, clock
        self.host = GitCodeHost.create(folder / "github.git")
        self.pulls: list[Pull] = []
        self.pushes: list[Push] = []
        self.grants: dict[str, Grant] = {}
        self.app_key = ""
        self.troubles: list[Trouble] = []
        self.silent_until = 0.0
        self.forbidden_methods: set[str] = set()
        self.refusing_merges = ""
        self.protected: set[str] = set()
        self.reviews: dict[int, list[Json]] = {}
        self.check_runs: dict[str, list[Json]] = {}
        self.statuses: dict[str, list[Json]] = {}
        self.rules: dict[str, list[Json]] = {}
        self.classic: dict[str, Json] = {}
        self.shows_protection = True
        self.releases: dict[str, Json] = {}
        self.told = ToldState()
        self.changes_workflows: set[str] = set()
        self.particulars: dict[str, object] = {}
        self.rights = {"contents": "write", "pull_requests": "write", "metadata": "read"}
        self.guard = Guard()
        self.delivering = Delivering()
        self.before_merging: Callable[[], object] = lambda: None
        self.nulls = 1
        self.counted = 0
        self._examine = examine
        self.web = WebServer(self._answer)

    @property
    def api(self) -> str:
        return f"{self.web.address}/api/v3"

    @contextmanager
    def running(self) -> "Iterator[GitHubStandIn]":
        with self.web:
            yield self
        self.host.close()

    def grant(
        self, login: str, token: str, within: timedelta | None = None, is_bot: bool = False, of_app: bool = False
    ) -> str:
        self.grants[token] = Grant(login, self.clock.now() + within if within else None, is_bot, of_app)
        return token

    def revoke(self) -> None:
        """All tokens."""
        self.grants.clear()

    def limit(self, seconds: float) -> None:
        """Nobody may ask for so long."""
        self.silent_until = self.clock.now().timestamp() + seconds

    def has_trouble(
        self, reply: Reply, method: str = ".*", path: str = "", times: int = 1, *, done: bool = False
    ) -> None:
        self.troubles.append(Trouble(reply, method, path, times, done))

    def loses_its_reply_after(self, method: str, path: str) -> None:
        self.has_trouble(LOST, method, path, done=True)

    def as_(self, login: str) -> Hands:
        """What somebody does at its pages."""
        return Hands(self, login)

    def saw_push(self, branch: str, after: str, by: str, kind: str = "push") -> None:
        """Commits that are put straight into the repository are on nobody's record; this puts them on one."""
        self.pushes.append(Push(branch, bodies.ZERO, after, by, kind, self.clock.now()))

    def asked_for(self, method: str, path: str) -> list[Request]:
        return [one for one in self.web.asked if one.method == method and re.search(path, one.path)]

    def git(self, *arguments: str, given: bytes | None = None, accept: tuple[int, ...] = (0,)) -> str:
        """What git says in the repository, without the line's end."""
        return Git(self.host.path).ask(*arguments, given=given, accept=accept).text.strip()

    def moves(self, ref: str, to: str | None, old: str) -> bool:
        """Move a ref, or delete it; whether that worked. Protected ones stay."""
        if ref in self.protected:
            return False
        order = ["-d", ref, old] if to is None else [ref, to, old]
        return Git(self.host.path).ask("update-ref", *order, accept=(0, 1, 128)).code == 0

    def who(self, token: str) -> Grant | None:
        grant = self.grants.get(token)
        return grant if grant and (grant.until is None or grant.until > self.clock.now()) else None

    def is_app(self, token: str) -> bool:
        """Whether the token is one that the App signed itself, living ten minutes at most."""
        try:
            claims = jwt.decode(
                token,
                self.app_key,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False, "require": ["iss", "iat", "exp"]},
            )
        except jwt.PyJWTError:
            return False
        now = self.clock.now().timestamp()
        return bool(claims["iat"] <= now < claims["exp"] <= claims["iat"] + 600)

    def _answer(self, request: Request) -> Reply:
        trouble = next((one for one in self.troubles if one.meets(request)), None)
        if trouble:
            trouble.times -= 1
        if trouble and not trouble.done:
            return trouble.reply
        reply = self._done(request)
        return trouble.reply if trouble else reply

    def _done(self, request: Request) -> Reply:
        git = f"/{self.name}.git"
        if request.path.startswith(git):
            return self._git(request, request.path.removeprefix(git))
        if not request.path.startswith("/api/v3/"):
            return NOT_FOUND
        self._examine(request)
        return self._api(replace(request, path=request.path.removeprefix("/api/v3")))

    def _git(self, request: Request, place: str) -> Reply:
        coded = request.headers.get("authorization", "").partition(" ")[2]
        password = base64.b64decode(coded).decode().partition(":")[2]
        if self.who(password) is None:
            return Reply(401, b"Invalid username or token.", {"www-authenticate": 'Basic realm="GitHub"'})
        return smart_http.serve(self.host.path, place, request)

    def _api(self, request: Request) -> Reply:
        """What is still as whoever asks has seen it is not said again, and does not count against the limit."""
        reply = self._answered(request)
        if reply.status == 200 and request.method == "GET":
            seen = request.headers.get("authorization", "").encode() + reply.body
            etag = f'W/"{sha256(seen).hexdigest()}"'
            if request.headers.get("if-none-match") == etag:
                return Reply(304, b"", {"etag": etag})
            reply = reply.with_headers(etag=etag)
        self.counted += 1
        return reply

    def _answered(self, request: Request) -> Reply:
        token = request.headers.get("authorization", "").partition(" ")[2]
        grant = self.who(token)
        as_app = grant is None and self.is_app(token)
        if grant is None and not as_app:
            return BAD_CREDENTIALS
        left = self.silent_until - self.clock.now().timestamp()
        if left > 0:
            exceeded = json_reply(403, bodies.error(f"API rate limit exceeded for installation ID {len(token)}."))
            headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(self.silent_until) + 1)}
            return exceeded.with_headers(**headers)
        place = request.path.replace(f"/repos/{self.name}", "", 1)
        for method, pattern, for_app, answer in ROUTES:
            found = re.fullmatch(pattern, place)
            if found and method == request.method and for_app == as_app:
                who = grant or Grant("app", is_bot=True)
                return answer(self, Asked(request, who, found)).with_headers(**{"x-ratelimit-remaining": "4999"})
        return NOT_FOUND
