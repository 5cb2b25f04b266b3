"""One attempt to make an environment run a revision; a rollback is a deployment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision


class DeploymentKind(StrEnum):
    """proof: a hotfix is tried in staging, which runs no branch of its own meanwhile."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    PROOF = "proof"


class DeploymentState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"
    ERRORED = "errored"
    SUPERSEDED = "superseded"

    @property
    def occupies(self) -> bool:
        """Whether the environment belongs to this deployment: at most one per environment is in such a state."""
        return self in (DeploymentState.RUNNING, DeploymentState.VERIFYING)

    @property
    def ended(self) -> bool:
        return self is not DeploymentState.QUEUED and not self.occupies


@dataclass(frozen=True)
class Deployment:
    """`id` reads `staging-12`: numbered per environment. `services_from` is the revision whose services are deployed.

    `previous` is the deployment that was live when this one started: what a failure puts back. `undoes` is the
    deployment that a rollback takes back. `why` says what caused it, `failure` what went wrong, with `evidence`.

    Rollbacks: `through_provider` is the provider's own way back, instead of a candidate that is proved first. `retries`
    is the one that failed before this second try. At `logs_due_at` the first minutes of the services' logs are looked
    at; `logs_found` says what was in them. `downgrades`: the database goes back before the traffic does;
    `database_said` is what is known of that, as it was said when it was ordered.
    """

    id: str
    environment: Environment
    kind: DeploymentKind
    revision: Revision
    state: DeploymentState
    why: str
    requested_by: str
    requested_at: datetime
    release: str | None = None
    change: int | None = None
    previous: str | None = None
    undoes: str | None = None
    started_at: datetime | None = None
    switched_at: datetime | None = None
    ended_at: datetime | None = None
    failure: str = ""
    evidence: str = ""
    cancel_requested_by: str | None = None
    urgent: bool = False
    through_provider: bool = False
    retries: str | None = None
    logs_due_at: datetime | None = None
    logs_found: str = ""
    downgrades: bool = False
    database_said: str = ""

    @property
    def is_rollback(self) -> bool:
        return self.kind is DeploymentKind.ROLLBACK

    @property
    def is_proof(self) -> bool:
        return self.kind is DeploymentKind.PROOF


@dataclass(frozen=True)
class Verification:
    """The record that a tree was proved in an environment, by which deployment, with which smoke tests."""

    environment: Environment
    tree: str
    deployment: str
    at: datetime
    smoke: tuple[str, ...] = ()
