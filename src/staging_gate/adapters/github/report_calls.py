"""The calls that tell one repository at GitHub what we decide and do."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from staging_gate.adapters.github.calls import PAGE
from staging_gate.adapters.github.report_shapes import (
    Comment,
    Deployment,
    DeploymentStatus,
    OwnRun,
    OwnRuns,
    OwnStatus,
    OwnStatuses,
    PendingDeployment,
    Run,
)
from staging_gate.adapters.github.shapes import Release, User, understood, understood_value
from staging_gate.ports.errors import Refused
from staging_gate.wire.answers import Answer
from staging_gate.wire.http import Http

T = TypeVar("T")

Body = Mapping[str, Any]


class ReportCalls:
    """`name` is OWNER/NAME. What makes something raises Unclear where the reply was lost."""

    def __init__(self, http: Http, name: str) -> None:
        self.http, self.name = http, name
        self._place = f"/repos/{name}"

    def viewer(self) -> User:
        """Whom a token stands for."""
        return understood(User, self.http.get("/user"))

    def check_runs(self, commit: str, name: str) -> list[OwnRun]:
        """All of this name, also those that newer ones replace."""
        path = f"{self._place}/commits/{commit}/check-runs"
        pages = self.http.pages(path, {"check_name": name, "filter": "all", "per_page": PAGE})
        return [run for page in pages for run in understood_value(OwnRuns, page).check_runs]

    def create_check_run(self, body: Body) -> OwnRun:
        return understood(OwnRun, self._post("/check-runs", body))

    def update_check_run(self, id: int, body: Body) -> bool:
        """False where there is none."""
        return self._patch(f"/check-runs/{id}", body).status != 404

    def statuses(self, commit: str) -> list[OwnStatus]:
        """The latest of each context."""
        pages = self.http.pages(f"{self._place}/commits/{commit}/status", {"per_page": PAGE})
        return [one for page in pages for one in understood_value(OwnStatuses, page).statuses]

    def create_status(self, commit: str, body: Body) -> OwnStatus:
        return understood(OwnStatus, self._post(f"/statuses/{commit}", body))

    def comments(self, number: int) -> Iterator[Comment]:
        """Oldest first."""
        return self._listed(Comment, f"/issues/{number}/comments", {})

    def create_comment(self, number: int, text: str) -> Comment:
        return understood(Comment, self._post(f"/issues/{number}/comments", {"body": text}))

    def edit_comment(self, id: int, text: str) -> bool:
        """False where somebody has deleted it."""
        return self._patch(f"/issues/comments/{id}", {"body": text}).status != 404

    def deployments(self, commit: str, environment: str) -> Iterator[Deployment]:
        """Newest first."""
        return self._listed(Deployment, "/deployments", {"sha": commit, "environment": environment})

    def create_deployment(self, body: Body) -> Deployment:
        """Refused where GitHub merged something instead (202), or found a conflict or a missing check (409)."""
        path = f"{self._place}/deployments"
        answer = self.http.ask("POST", path, body=body, also=(202, 409))
        if answer.status == 202:
            said = self.http.said(answer)
            raise Refused(f"GitHub merged into {body['ref']} instead of noting a deployment of it: {said}")
        if answer.status == 409:
            raise self.http.refusal("POST", path, answer)
        return understood(Deployment, answer)

    def last_status(self, deployment: int) -> DeploymentStatus | None:
        answer = self.http.get(f"{self._place}/deployments/{deployment}/statuses", {"per_page": 1})
        return next(iter(understood(list[DeploymentStatus], answer)), None)

    def create_deployment_status(self, deployment: int, body: Body) -> None:
        self._post(f"/deployments/{deployment}/statuses", body)

    def edit_release(self, id: int, body: Body) -> Release | None:
        """None where somebody has deleted it."""
        answer = self._patch(f"/releases/{id}", body)
        return None if answer.status == 404 else understood(Release, answer)

    def run(self, id: int) -> Run | None:
        answer = self.http.get(f"{self._place}/actions/runs/{id}", also=(404,))
        return None if answer.status == 404 else understood(Run, answer)

    def pending_deployments(self, run: int) -> list[PendingDeployment]:
        return understood(
            list[PendingDeployment], self.http.get(f"{self._place}/actions/runs/{run}/pending_deployments")
        )

    def review(self, run: int, body: Body) -> None:
        """The address is ours: the one that a webhook names is not asked."""
        self._post(f"/actions/runs/{run}/deployment_protection_rule", body)

    def _post(self, path: str, body: Body) -> Answer:
        return self.http.ask("POST", self._place + path, body=body)

    def _patch(self, path: str, body: Body) -> Answer:
        """To set the same again changes nothing more."""
        return self.http.ask("PATCH", self._place + path, body=body, also=(404,), harmless=True)

    def _listed(self, kind: type[T], path: str, params: dict[str, str | int]) -> Iterator[T]:
        for page in self.http.pages(self._place + path, {**params, "per_page": PAGE}):
            yield from understood_value(list[kind], page)  # type: ignore[valid-type]
