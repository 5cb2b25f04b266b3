"""What we decide and do, shown at the code host to those who work there.

Every call looks first and can be asked again: a lost reply leaves nothing twice. Each returns the code host's key of
what it told, which saves the next call from looking; "" where none is known. Raises the family of `ports.errors`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Light(StrEnum):
    """Whether it may be merged: not yet, yes, no."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


class Stage(StrEnum):
    """Where a deployment stands. `inactive`: what it brought is live no more, or never came."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    INACTIVE = "inactive"


class Answer(StrEnum):
    """To a deployment that waits for us at the code host. WAIT says why, and leaves it waiting."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WAIT = "wait"


@dataclass(frozen=True)
class Verdict:
    """What the gate says of merging a change. `summary` is Markdown, `title` one line, `address` our page or ""."""

    change: int
    commit: str
    light: Light
    title: str
    summary: str
    address: str = ""


@dataclass(frozen=True)
class DeploymentReport:
    """`id` is ours. `address` leads to its steps, `public` to what it deployed; both may be ""."""

    id: str
    environment: str
    commit: str
    stage: Stage
    description: str
    is_rollback: bool = False
    address: str = ""
    public: str = ""


@dataclass(frozen=True)
class ReleaseReport:
    tag: str
    title: str
    notes: str
    prerelease: bool = False


@dataclass(frozen=True)
class Asked:
    """A run of the code host's wants to deploy to `environment`, and waits for our word. Nobody has proved that."""

    run: int
    environment: str


@dataclass(frozen=True)
class Waiting:
    """The run as the code host shows it: `commit` is what it would deploy, `branch` the branch or tag it runs for."""

    asked: Asked
    commit: str
    branch: str


class Reports(Protocol):
    @property
    def voice(self) -> str:
        """A word for the kind of account that tells it: what another kind has told is told again."""
        ...

    def verdict(self, verdict: Verdict, key: str = "") -> str:
        """One for each commit, of that commit only: another head has its own."""
        ...

    def comment(self, change: int, body: str, key: str = "") -> str:
        """The one comment of ours on the change, edited in place; a new one where somebody has deleted it."""
        ...

    def deployment(self, report: DeploymentReport, key: str = "") -> str: ...

    def release(self, report: ReleaseReport, key: str = "") -> str:
        """Of a tag that is there."""
        ...

    def asked(self, hint: bytes) -> Asked | None:
        """What a webhook says that is waited for; None where it is about something else."""
        ...

    def waiting(self, asked: Asked) -> Waiting | None:
        """As it really is; None where no such run waits for us."""
        ...

    def answer(self, asked: Asked, answer: Answer, comment: str) -> None: ...

    def lacking(self) -> Sequence[str]:
        """A sentence for each thing that can not be told for lack of a right, with what is done instead."""
        ...
