"""Pull requests at a code host that people work with too. Their numbers are those of our changes.

Every acting call looks first, and can be asked again. Raises the family of `ports.errors`: what can not be read is
Unavailable, never a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from staging_gate.domain.pull_request import PullRequest, PullState


@dataclass(frozen=True)
class PullRequestOrder:
    source: str
    target: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Opened:
    """`ours`: it was not there before."""

    pull: PullRequest
    ours: bool


class PullRequests(Protocol):
    def open_ones(self) -> list[PullRequest]:
        """All that are open, oldest first, without opinions and checks."""
        ...

    def read(self, number: int) -> PullRequest | None:
        """All that is known of it now; None where there is none."""
        ...

    def open(self, order: PullRequestOrder) -> Opened:
        """The open one from this branch to that, else a new one."""
        ...

    def edit(self, number: int, title: str, description: str) -> None: ...

    def label(self, number: int, add: Sequence[str], remove: Sequence[str]) -> None: ...

    def close(self, number: int) -> PullState:
        """What it is then: one that was merged stays so."""
        ...
