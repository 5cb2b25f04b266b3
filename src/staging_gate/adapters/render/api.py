"""What Render says, read with patience: unknown fields and words are kept, and what is missing is None, never a guess.

https://api-docs.render.com/reference/introduction
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Refused, Unclear
from staging_gate.wire.answers import Answer, retry_after
from staging_gate.wire.http import Http, Provider

BASE = "https://api.render.com/v1"
PAGE = 100
MOST_PAGES = 20

GOING_ON = {"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"}
FAILED = {"build_failed", "update_failed", "pre_deploy_failed"}


@dataclass(frozen=True)
class Token:
    """An API key. It is for a whole account: Render has no smaller ones."""

    key: str

    def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    def refused(self) -> bool:
        return False


@dataclass(frozen=True)
class Hosted:
    """`deploys_itself` is None where Render does not say."""

    id: str
    name: str
    owner: str
    suspended: bool
    deploys_itself: bool | None
    address: str | None


@dataclass(frozen=True)
class Deploy:
    """`commit` is None for images, and sometimes where Render does not know it yet. `status` may be any word."""

    id: str
    status: str
    commit: str | None
    trigger: str

    @property
    def goes_on(self) -> bool:
        return self.status in GOING_ON


class RenderApi:
    """The calls that a deployment needs. Raises the family of `ports.errors`."""

    def __init__(self, key: str, clock: Clock, base: str = BASE) -> None:
        self._http = Http(Provider("Render", _limit, _said, _advice), base, clock, credentials=Token(key))

    def service(self, id: str) -> Hosted:
        return _service(_map(self._http.get(f"/services/{id}").json(), "a service"))

    def stop_deploying_itself(self, id: str) -> None:
        """A rollback by the API leaves it on, and the next push would undo it."""
        self._http.ask("PATCH", f"/services/{id}", body={"autoDeploy": "no"}, harmless=True)

    def deploy(self, service: str, commit: str) -> Deploy | None:
        """None where Render has queued it and does not say what it is called (202, with nothing in it)."""
        body = {"commitId": commit, "clearCache": "do_not_clear"}
        answer = self._http.ask("POST", f"/services/{service}/deploys", body=body).json()
        return None if answer is None else _deploy(_map(answer, "a deploy"))

    def roll_back(self, service: str, deploy: str) -> Deploy | None:
        answer = self._http.ask("POST", f"/services/{service}/rollback", body={"deployId": deploy}).json()
        return None if answer is None else _deploy(_map(answer, "a deploy"))

    def find(self, service: str, deploy: str) -> Deploy:
        return _deploy(_map(self._http.get(f"/services/{service}/deploys/{deploy}").json(), "a deploy"))

    def deploys(self, service: str, status: str = "") -> Iterator[Deploy]:
        """The newest first; pages are read as they are needed."""
        params = {"status": status} if status else {}
        return (_deploy(one) for one in self._listed(f"/services/{service}/deploys", "deploy", params))

    def cancel(self, service: str, deploy: str) -> None:
        self._http.ask("POST", f"/services/{service}/deploys/{deploy}/cancel", harmless=True)

    def suspend(self, service: str) -> None:
        self._http.ask("POST", f"/services/{service}/suspend", harmless=True, json=False)

    def resume(self, service: str) -> None:
        self._http.ask("POST", f"/services/{service}/resume", harmless=True, json=False)

    def variables(self, service: str) -> dict[str, str]:
        """Names and values in clear text; those of its environment groups are not among them."""
        found = self._listed(f"/services/{service}/env-vars", "envVar", {})
        return {str(one.get("key")): str(one.get("value", "")) for one in found}

    def last_lines(self, owner: str, service: str, since: datetime, most: int) -> list[str]:
        """The last ones since then, of its builds too; the oldest first."""
        params = {"startTime": _stamp(since), "direction": "backward", "limit": min(most, PAGE)}
        return _lines(self._logs(owner, service, params))[::-1]

    def lines(self, owner: str, service: str, since: datetime) -> Iterator[str]:
        """What the service itself has said since then."""
        start: str | None = _stamp(since)
        for _ in range(MOST_PAGES):
            params = {"startTime": start, "direction": "forward", "limit": PAGE, "type": "app"}
            page = self._logs(owner, service, params)
            yield from _lines(page)
            start = page.get("nextStartTime")
            if not page.get("hasMore") or not start:
                return

    def _logs(self, owner: str, service: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return _map(self._http.get("/logs", {"ownerId": owner, "resource": service, **params}).json(), "logs")

    def _listed(self, path: str, name: str, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Lists are arrays of `{cursor, <name>: {...}}`; the last cursor leads to the next page."""
        cursor = ""
        for _ in range(MOST_PAGES):
            more = {"cursor": cursor} if cursor else {}
            page = self._http.get(path, {**params, **more, "limit": PAGE}).json() or []
            for one in page:
                yield _map(one.get(name, one) if isinstance(one, dict) else one, name)
            cursor = str(page[-1].get("cursor") or "") if page and isinstance(page[-1], dict) else ""
            if len(page) < PAGE or not cursor:
                return


def _service(found: Mapping[str, Any]) -> Hosted:
    details = found.get("serviceDetails")
    url = details.get("url") if isinstance(details, dict) else None
    auto = found.get("autoDeploy")
    return Hosted(
        id=str(found.get("id", "")),
        name=str(found.get("name") or found.get("id", "")),
        owner=str(found.get("ownerId") or ""),
        suspended=found.get("suspended") == "suspended",
        deploys_itself=None if auto is None else auto == "yes",
        address=url if isinstance(url, str) and url else None,
    )


def _deploy(found: Mapping[str, Any]) -> Deploy:
    if not found.get("id"):
        raise Unclear("Render answered with a deploy that has no id, so it can not be followed.", str(found)[:500])
    commit = found.get("commit")
    return Deploy(
        id=str(found["id"]),
        status=str(found.get("status") or ""),
        commit=str(commit["id"]) if isinstance(commit, dict) and commit.get("id") else None,
        trigger=str(found.get("trigger") or ""),
    )


def _lines(page: Mapping[str, Any]) -> list[str]:
    return [str(one.get("message", "")) for one in page.get("logs") or [] if isinstance(one, dict)]


def _map(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Refused(f"Render answered with something else where {what} was expected.", str(found)[:500])
    return found


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _limit(answer: Answer, now: datetime) -> float | None:
    """`Ratelimit-Reset` counts the seconds that are left; it is no moment."""
    if answer.status != 429:
        return None
    told = retry_after(answer, now)
    left = answer.headers.get("ratelimit-reset", "")
    return told if told is not None else float(left) if left.isdigit() else 60.0


def _said(answer: Answer) -> str:
    try:
        found = answer.json()
    except ValueError:
        return answer.text()
    return str(found.get("message") or "") if isinstance(found, dict) else answer.text()


def _advice(answer: Answer) -> str:
    if answer.status == 401:
        return "The API key is not accepted (any more): make one under Account Settings at Render, and set it anew."
    if answer.status == 404:
        return "Look at the service's id in gate.yaml: it is the `srv-...` in the address of its page at Render."
    return ""
