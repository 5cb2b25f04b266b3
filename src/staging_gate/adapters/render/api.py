"""The calls to Render that a deployment needs. https://api-docs.render.com/reference/introduction"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from staging_gate.adapters.render import shapes
from staging_gate.adapters.render.shapes import Deploy, Hosted
from staging_gate.ports.clock import Clock
from staging_gate.wire.answers import Answer, retry_after
from staging_gate.wire.http import Bearer, Http, Provider
from staging_gate.wire.redaction import Redactor

BASE = "https://api.render.com/v1"
LIVED = ("live", "deactivated")
PAGE = 100
MOST_PAGES = 20
LONGEST_LINE = 500
NO_LIMIT_KNOWN = 60.0


class RenderApi:
    """`key` is for a whole account: Render has no smaller ones. Raises the family of `ports.errors`; Refused says here
    that Render does not take what was asked."""

    def __init__(self, key: str, clock: Clock, base: str = BASE) -> None:
        self._http = Http(Provider("Render", _limit, _said, _advice), base, clock, credentials=Bearer(key))
        self._values = Redactor()

    def service(self, id: str) -> Hosted:
        return shapes.service(self._http.get(f"/services/{id}").json())

    def owners(self) -> list[str]:
        """The names of the workspaces that the key is for."""
        return [str(one.get("name") or one.get("id") or "") for one in self._listed("/owners", "owner", {})]

    def stop_deploying_itself(self, id: str) -> None:
        """A rollback by the API leaves it on, and the next push would undo it."""
        self._http.ask("PATCH", f"/services/{id}", body={"autoDeploy": "no"}, harmless=True)

    def deploy(self, service: str, commit: str) -> Deploy | None:
        """None where Render has queued it and does not say what it is called (202, with nothing in it)."""
        body = {"commitId": commit, "clearCache": "do_not_clear"}
        answer = self._http.ask("POST", f"/services/{service}/deploys", body=body).json()
        return None if answer is None else shapes.deploy(answer)

    def roll_back(self, service: str, deploy: str) -> Deploy | None:
        answer = self._http.ask("POST", f"/services/{service}/rollback", body={"deployId": deploy}).json()
        return None if answer is None else shapes.deploy(answer)

    def find(self, service: str, deploy: str) -> Deploy:
        return shapes.deploy(self._http.get(f"/services/{service}/deploys/{deploy}").json())

    def deploys(self, service: str, status: str = "") -> Iterator[Deploy]:
        """The newest first; pages are read as they are needed."""
        params = {"status": status} if status else {}
        return (shapes.deploy(one) for one in self._listed(f"/services/{service}/deploys", "deploy", params))

    def built_of(self, service: str, commit: str) -> str | None:
        """The newest deploy of a commit that once was live; whether Render still has what it built shows when asked."""
        lived = (one.id for one in self.deploys(service) if one.commit == commit and one.status in LIVED)
        return next(lived, None)

    def newest(self, service: str, status: str = "") -> Deploy | None:
        return next(self.deploys(service, status), None)

    def cancel(self, service: str, deploy: str) -> None:
        self._http.ask("POST", f"/services/{service}/deploys/{deploy}/cancel", harmless=True)

    def suspend(self, service: str) -> None:
        self._http.ask("POST", f"/services/{service}/suspend", harmless=True, json=False)

    def resume(self, service: str) -> None:
        self._http.ask("POST", f"/services/{service}/resume", harmless=True, json=False)

    def variables(self, service: str) -> dict[str, str]:
        """Names and values in clear text; those of its environment groups are not among them. Values are secrets."""
        found = dict(map(shapes.variable, self._listed(f"/services/{service}/env-vars", "envVar", {})))
        self._values.learn(*found.values())
        return found

    def last_lines(self, owner: str, service: str, since: datetime, most: int) -> list[str]:
        """The last ones since then, of its builds too; the oldest first, none long, without the values of variables
        that were read."""
        params = {"startTime": _stamp(since), "direction": "backward", "limit": min(most, PAGE)}
        return [self._bounded(line) for line in shapes.messages(self._logs(owner, service, params))[:most][::-1]]

    def lines(self, owner: str, service: str, since: datetime) -> Iterator[str]:
        """What the service itself has said since then."""
        start: str | None = _stamp(since)
        for _ in range(MOST_PAGES):
            params = {"startTime": start, "direction": "forward", "limit": PAGE, "type": "app"}
            page = self._logs(owner, service, params)
            yield from shapes.messages(page)
            start = page.get("nextStartTime")
            if not page.get("hasMore") or not start:
                return

    def _bounded(self, line: str) -> str:
        line = self._values.hide(line)
        return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"

    def _logs(self, owner: str, service: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return shapes.mapping(self._http.get("/logs", {"ownerId": owner, "resource": service, **params}).json(), "logs")

    def _listed(self, path: str, name: str, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Lists are arrays of `{cursor, <name>: {...}}`; the last cursor leads to the next page."""
        cursor = ""
        for _ in range(MOST_PAGES):
            more = {"cursor": cursor} if cursor else {}
            page = shapes.items(self._http.get(path, {**params, **more, "limit": PAGE}).json(), name)
            yield from (found for found, _ in page)
            cursor = page[-1][1] if page else ""
            if len(page) < PAGE or not cursor:
                return


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _limit(answer: Answer, now: datetime) -> float | None:
    """`Ratelimit-Reset` counts the seconds that are left; it is no moment. They are whole ones, so one more has to
    pass."""
    if answer.status != 429:
        return None
    told = retry_after(answer, now)
    if told is None:
        left = answer.headers.get("ratelimit-reset", "").strip()
        told = float(left) + 1 if left.isdigit() else NO_LIMIT_KNOWN
    return told


def _said(answer: Answer) -> str:
    try:
        found = answer.json()
    except ValueError:
        return answer.text()
    said = " ".join(str(found.get("message") or "").split()) if isinstance(found, dict) else ""
    return said or answer.text()


def _advice(answer: Answer) -> str:
    if answer.status == 401:
        return "The API key is not accepted (any more): make one under Account Settings at Render, and set it anew."
    if answer.status == 403:
        return "The account of the API key may not do that: give it a role in the workspace that may deploy."
    if answer.status == 404:
        return "Look at the service's id in gate.yaml: it is the `srv-...` in the address of its page at Render."
    return ""
