"""The calls at Vercel that a deployment needs: of one team, or of the owner of the token.

In a deployment (with patience) every no of Vercel's API is `SaidNo`: it concerns our request, and no release is at
fault. Whoever only looks hears the no as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from staging_gate.adapters.vercel import shapes
from staging_gate.adapters.vercel.shapes import OUR_KEY, Deployment, Project, Variable
from staging_gate.ports.errors import Unavailable, Unclear
from staging_gate.wire.answers import Answer, retry_after
from staging_gate.wire.http import Http, Provider
from staging_gate.wire.patience import Patience

BASE = "https://api.vercel.com"
PAGE = 100
MOST_PAGES = 20
NO = (400, 401, 402, 403, 404, 409, 410, 422)
EPOCH = 1_000_000_000
"""A greater number of seconds is a moment; a smaller one is what is left."""


class SaidNo(Unavailable):
    """Vercel said no to a request of ours, with this `status`."""

    def __init__(self, message: str, evidence: str, status: int) -> None:
        super().__init__(message, evidence)
        self.status = status


@dataclass(frozen=True)
class Wish:
    """What is to be built: `commit` for `environment` (`production`, `preview`, or the id of a custom one)."""

    project: Project
    environment: str
    commit: str
    key: str
    deployment: str


class VercelApi:
    """Raises the family of `ports.errors`. `team` is "" where the token's owner has the projects. With `patience` every
    call waits for Vercel where that is away; without, whoever asks hears it at once."""

    def __init__(self, http: Http, team: str = "", patience: Patience | None = None) -> None:
        self._http = http
        self._patience = patience
        self._scope = {"teamId": team} if team else {}

    def project(self, id: str) -> Project:
        return shapes.project(_map(self._get(f"/v9/projects/{_name(id)}").json(), "a project"))

    def stop_assigning(self, project: str) -> None:
        """Production domains move when they are told to, and not when something was built."""
        self._ask("PATCH", f"/v9/projects/{_name(project)}", {"autoAssignCustomDomains": False}, harmless=True)

    def deploy(self, wish: Wish) -> Deployment:
        body: dict[str, Any] = {
            "name": wish.project.name,
            "project": wish.project.id,
            "gitSource": _source(wish),
            "meta": {OUR_KEY: wish.key, "stagingGateDeployment": wish.deployment},
        }
        if wish.environment == "production":
            body["target"] = "production"
        elif wish.environment != "preview":
            body["customEnvironmentSlugOrId"] = wish.environment
        return _deployment(self._ask("POST", "/v13/deployments", body, {"forceNew": "1"}))

    def deployment(self, id_or_host: str) -> Deployment:
        return _deployment(self._get(f"/v13/deployments/{_name(id_or_host)}"))

    def deployments(self, project: str, since: datetime) -> Iterator[Deployment]:
        """The newest first; pages are read as they are needed."""
        params: dict[str, str | int] = {"projectId": project, "since": int(since.timestamp() * 1000), "limit": PAGE}
        for _ in range(MOST_PAGES):
            page = _map(self._get("/v6/deployments", params).json(), "a list of deployments")
            yield from map(shapes.deployment, shapes.maps(page.get("deployments")))
            pages = page.get("pagination")
            following = pages.get("next") if isinstance(pages, dict) else None
            if not isinstance(following, int | float):
                return
            params = {**params, "until": int(following)}

    def cancel(self, deployment: str) -> None:
        self._ask("PATCH", f"/v12/deployments/{_name(deployment)}/cancel", None, harmless=True)

    def promote(self, project: str, deployment: str) -> bool:
        """True where the traffic moves at once, False where it waits for a rolling release (202)."""
        return self._ask("POST", f"/v10/projects/{_name(project)}/promote/{_name(deployment)}", {}).status != 202

    def roll_back(self, project: str, deployment: str, why: str) -> None:
        path = f"/v1/projects/{_name(project)}/rollback/{_name(deployment)}"
        self._ask("POST", path, {}, {"description": why[:250]})

    def failed_domains(self, project: str) -> list[str]:
        """Those that the last promotion or rollback could not move."""
        page = self._get(f"/v1/projects/{_name(project)}/promote/aliases", {"failedOnly": "true"}).json()
        known = shapes.maps(page.get("aliases")) if isinstance(page, dict) else []
        return [str(one["alias"]) for one in known if one.get("alias")]

    def served_by(self, domain: str) -> str | None:
        """The deployment that a domain really leads to; None where it leads to none."""
        answer = self._get(f"/v4/aliases/{_name(domain)}", also=(404,))
        if answer.status == 404:
            return None
        found = answer.json()  # one alias, where the specification says a list
        return _served(found[0] if isinstance(found, list) and found else found)

    def assign(self, deployment: str, domain: str) -> None:
        """409 says that it is there already, or may not be used: who asks looks where it leads."""
        self._ask("POST", f"/v2/deployments/{_name(deployment)}/aliases", {"alias": domain}, also=(409,), harmless=True)

    def take_away(self, domain: str) -> None:
        self._ask("DELETE", f"/v2/aliases/{_name(domain)}", None, also=(404,), harmless=True)

    def pause(self, project: str) -> None:
        """Production answers 503 from then on."""
        self._ask("POST", f"/v1/projects/{_name(project)}/pause", None, harmless=True, json=False)

    def go_on(self, project: str) -> None:
        self._ask("POST", f"/v1/projects/{_name(project)}/unpause", None, harmless=True, json=False)

    def variables(self, project: str) -> list[Variable]:
        found = self._get(f"/v10/projects/{_name(project)}/env").json()
        listed = found.get("envs", [found]) if isinstance(found, dict) else found
        return [shapes.variable(one) for one in shapes.maps(listed) if one.get("key")]

    def value(self, project: str, variable: str) -> str | None:
        """In clear; None where Vercel does not give it."""
        found = self._get(f"/v1/projects/{_name(project)}/env/{_name(variable)}").json()
        if not isinstance(found, dict) or found.get("type") == "sensitive":
            return None
        return shapes.text(found.get("value"), empty=True) if found.get("decrypted") is not False else None

    def last_lines(self, deployment: str, most: int) -> list[str]:
        """What its build said last; the oldest first."""
        params: dict[str, str | int] = {"direction": "backward", "limit": most, "follow": 0, "builds": 1}
        path = f"/v3/deployments/{_name(deployment)}/events"
        answer = self._ask("GET", path, params=params, json=False)
        return list(shapes.lines(answer.body.decode(errors="replace")))[::-1][-most:]

    def _get(self, path: str, params: Mapping[str, str | int] | None = None, also: tuple[int, ...] = ()) -> Answer:
        return self._ask("GET", path, params=params, also=also)

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, str | int] | None = None,
        *,
        also: tuple[int, ...] = (),
        harmless: bool = False,
        json: bool = True,
    ) -> Answer:
        def once() -> Answer:
            every = {**self._scope, **(params or {})}
            answer = self._http.ask(method, path, params=every, body=body, also=NO, harmless=harmless, json=False)
            if json and not answer.is_json and (answer.status not in NO or answer.status in also):
                what = f"Vercel answered {method} {path} with something that is not JSON"
                raise (Unavailable if harmless or method == "GET" else Unclear)(f"{what}.", answer.text())
            return answer

        answer = self._patience(once) if self._patience else once()
        if answer.status in NO and answer.status not in also:
            no = self._http.refusal(method, path, answer)
            if self._patience is None or _is_no_key(answer):
                raise no
            raise SaidNo(no.message, no.evidence, answer.status)
        return answer


def provider() -> Provider:
    return Provider("Vercel", _limit, _said, _advice)


def _source(wish: Wish) -> dict[str, Any]:
    """The commit is the ref, too: a branch may be elsewhere by now."""
    repository = wish.project.repository
    if repository is None:
        raise Unavailable(f"{wish.project.name} is linked to no repository at Vercel: connect it in its Git settings.")
    exactly = {"type": repository.type, "ref": wish.commit, "sha": wish.commit}
    if repository.type.startswith("github") and repository.id is not None:
        return {**exactly, "repoId": repository.id}
    if repository.type.startswith("github") and repository.org and repository.repo:
        return {**exactly, "org": repository.org, "repo": repository.repo}
    raise Unavailable(
        f"{wish.project.name} is linked to {repository.type} at Vercel, or does not say to which repository; "
        "expected one at GitHub."
    )


def _served(found: object) -> str | None:
    if not isinstance(found, dict):
        return None
    inner = found.get("deployment")
    return shapes.text(found.get("deploymentId")) or (shapes.text(inner.get("id")) if isinstance(inner, dict) else None)


def _is_no_key(answer: Answer) -> bool:
    """A token that Vercel does not know (any more) may be answered with 403, as is what its plan or team forbids."""
    found = answer.json() if answer.is_json else None
    error = found.get("error") if isinstance(found, dict) else None
    return answer.status == 401 or (isinstance(error, dict) and error.get("invalidToken") is True)


def _deployment(answer: Answer) -> Deployment:
    return shapes.deployment(_map(answer.json(), "a deployment"))


def _map(found: object, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Unclear(f"Vercel answered with something else where {what} was expected.", str(found)[:500])
    return found


def _name(text: str) -> str:
    return quote(text, safe="")


def _limit(answer: Answer, now: datetime) -> float | None:
    """`x-ratelimit-reset` is a moment in seconds; milliseconds and seconds that are left are understood as well."""
    if answer.status != 429:
        return None
    if (told := retry_after(answer, now)) is not None:
        return told
    try:
        reset = float(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return 60.0
    if not 0 <= reset < EPOCH * 10_000:
        return 60.0
    moment = reset / 1000 if reset > EPOCH * 100 else reset
    return max(1.0, moment - now.timestamp() if moment > EPOCH else moment)


def _said(answer: Answer) -> str:
    try:
        found = answer.json()
    except ValueError:
        return answer.text()
    error = found.get("error") if isinstance(found, dict) else None
    if isinstance(error, dict):
        return str(error.get("message") or error.get("code") or "")
    return answer.text()


def _advice(answer: Answer) -> str:
    return {
        401: "The token is not accepted (any more): make one at Vercel under Account Settings, Tokens, and set it.",
        402: "Look at the team's plan and payments at Vercel.",
        403: "The token ended, was revoked, or is of another team: look at `team` in gate.yaml, and at whether the "
        "token's owner may deploy this project.",
        404: "Look at `project` and `team` in gate.yaml: the id stands in the project's settings at Vercel.",
    }.get(answer.status, "")
