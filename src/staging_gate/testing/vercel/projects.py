"""Projects as Vercel keeps them, and what becomes of them: each look at a thing is a step further on its way."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TOKEN = "vercel_token_of_no_value"  # noqa: S105 - no secret, as it says
BYPASS = "bypass_of_no_value"  # noqa: S105
ON_THE_WAY = ("INITIALIZING", "BUILDING", "READY")


@dataclass
class Made:
    """A deployment. `ahead` are the states that it will be in, one for each look; `target` is `production`, None for a
    preview, or the id of a custom environment."""

    id: str
    commit: str
    target: str | None
    at: datetime
    source: str = "api-trigger-git-deploy"
    meta: dict[str, str] = field(default_factory=dict)
    state: str = "QUEUED"
    ahead: list[str] = field(default_factory=lambda: [*ON_THE_WAY])
    was_live: bool = False


@dataclass
class Hosted:
    """A project. `broken` says how the build of a commit ends; commits that are `unwell` are built, and answer 500.

    `domains` are those of production, `leads` where every domain leads; `hobby` goes back by one step only.
    """

    id: str
    name: str
    domains: list[str]
    team: str = ""
    repository: dict[str, Any] | None = field(default_factory=lambda: {"type": "github", "repoId": 7, "org": "zebra"})
    auto_assign: bool | None = True
    paused: bool = False
    protected: bool = False
    hobby: bool = False
    rolling: bool = False
    environments: dict[str, str] = field(default_factory=dict)
    variables: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[Made] = field(default_factory=list)
    leads: dict[str, str] = field(default_factory=dict)
    says: dict[str | None, str] = field(default_factory=lambda: {"production": "production"})
    """The environment that deployments of a target name in their health; all others say `staging`."""
    before: str | None = None
    switching: dict[str, Any] | None = None
    ends_as: str = "succeeded"
    """How the next switching of domains ends; then the next ones succeed again."""
    broken: dict[str, str] = field(default_factory=dict)
    unwell: set[str] = field(default_factory=set)

    def find(self, id: str) -> Made | None:
        return next((made for made in self.deployments if made.id == id), None)

    def step(self, made: Made) -> None:
        if made.ahead:
            made.state = made.ahead.pop(0)
            if made.state == "READY" and made.target == "production" and self.auto_assign is not False:
                self.lead(made.id)

    def lead(self, id: str) -> None:
        """All domains of production, at once."""
        now = next((self.leads[name] for name in self.domains if name in self.leads), None)
        self.before = now if now != id else self.before
        self.leads |= dict.fromkeys(self.domains, id)
        if made := self.find(id):
            made.was_live = True

    def ask_to_switch(self, kind: str, id: str, at: datetime) -> None:
        now = self.leads.get(self.domains[0]) if self.domains else None
        moment = int(at.timestamp() * 1000)
        asked = {"fromDeploymentId": now or "", "toDeploymentId": id, "requestedAt": moment, "type": kind}
        self.switching = {**asked, "jobStatus": "pending"}

    def step_switching(self) -> None:
        """A promotion has new deployments go live by themselves again, a rollback stops that."""
        ahead = {"pending": "in-progress", "in-progress": self.ends_as}
        if self.switching and (status := ahead.get(self.switching["jobStatus"])):
            self.switching["jobStatus"] = status
            if status == "succeeded":
                self.lead(self.switching["toDeploymentId"])
                self.auto_assign = self.switching["type"] == "promote"
            if status == self.ends_as:
                self.ends_as = "succeeded"

    def shown(self) -> dict[str, Any]:
        """With fields that no specification knows, and nulls where it denies them."""
        return {
            "id": self.id,
            "accountId": self.team or "user_of_nobody",
            "name": self.name,
            "nodeVersion": "24.x",
            "framework": None,
            "autoAssignCustomDomains": self.auto_assign,
            "link": {**self.repository, "productionBranch": "main"} if self.repository else None,
            "customEnvironments": [
                {"id": id, "slug": slug, "type": "preview", "branchMatcher": None}
                for slug, id in self.environments.items()
            ],
            "targets": {"production": {"id": self.leads.get(self.domains[0]), "alias": self.domains}, "preview": None}
            if self.domains
            else {},
            "lastAliasRequest": self.switching,
            "paused": True if self.paused else None,
            "ssoProtection": {"deploymentType": "all_except_custom_domains"} if self.protected else None,
            "passwordProtection": None,
            "rollingRelease": {"target": "production", "stages": [{"targetPercentage": 10}]} if self.rolling else None,
            "somethingNew": {"of": ["2027"]},
        }

    def shown_deployment(self, made: Made, address: str, listed: bool) -> dict[str, Any]:
        """Lists say `uid` and `state`, and leave out where it came from."""
        custom = made.target if made.target not in (None, "production") else None
        shown: dict[str, Any] = {
            "name": self.name,
            "projectId": self.id,
            "url": address,
            "readyState": made.state,
            "target": None if custom else made.target,
            "meta": made.meta,
            "source": made.source,
            "creator": {"uid": "user_1", "username": "ada"},
            "inspectorUrl": None,
            "aliasError": None,
            "aliasAssigned": int(made.at.timestamp() * 1000) if made.was_live else None,
            "readySubstate": ("PROMOTED" if made.was_live else "STAGED") if made.state == "READY" else None,
        }
        if custom:
            shown["customEnvironment"] = {"id": custom, "slug": None}
        if made.state == "ERROR":
            shown |= {"errorCode": "BUILD_FAILED", "errorMessage": 'Command "next build" exited with 1'}
        created = int(made.at.timestamp() * 1000)
        if listed:
            return {**shown, "uid": made.id, "state": made.state, "created": created}
        source = {"type": "github", "repoId": 7, "ref": made.commit, "sha": made.commit, "prId": None}
        return {**shown, "id": made.id, "status": made.state, "createdAt": created, "gitSource": source}
