"""What we read of GitHub's answers about what we told it. Only what names a thing is demanded."""

from typing import Any

from staging_gate.adapters.github.shapes import Shape, User


class OwnRun(Shape):
    """A check run of ours, or of whoever took the same name."""

    id: int
    external_id: str | None = None
    status: str | None = None


class OwnRuns(Shape):
    check_runs: list[OwnRun]


class OwnStatus(Shape):
    id: int | None = None
    context: str
    state: str | None = None
    description: str | None = None
    target_url: str | None = None


class OwnStatuses(Shape):
    statuses: list[OwnStatus]


class Comment(Shape):
    """`user` is null where the account is gone."""

    id: int
    body: str | None = None
    user: User | None = None


class Deployment(Shape):
    """`payload` comes back as it was sent, or as text that holds it."""

    id: int
    sha: str | None = None
    payload: Any = None


class DeploymentStatus(Shape):
    """Newest first where they are listed."""

    id: int | None = None
    state: str | None = None
    description: str | None = None


class HeadRepository(Shape):
    full_name: str


class Run(Shape):
    """A workflow run. `head_branch` is a tag's name where one was pushed."""

    id: int
    head_sha: str
    head_branch: str | None = None
    status: str | None = None
    repository: HeadRepository | None = None


class NamedEnvironment(Shape):
    name: str | None = None


class PendingDeployment(Shape):
    environment: NamedEnvironment
