"""What we remember of the providers that we are connected to."""

from typing import Protocol

from staging_gate.domain.pull_request import Heard
from staging_gate.domain.report import Told


class PullRequestsHeard(Protocol):
    def put(self, heard: Heard) -> None:
        """The latest of a number wins; what was asked before that is forgotten, whoever comes later with it."""
        ...

    def get(self, number: int) -> Heard | None: ...
    def open(self) -> list[Heard]:
        """Those that were open when we last asked, by number."""
        ...


class Tellings(Protocol):
    def get(self, subject: str) -> Told | None: ...
    def add(self, new: Told) -> None:
        """Raises Stale where it is there already."""
        ...

    def update(self, new: Told, was: Told) -> None:
        """Compare-and-set on due_at, attempts and said. Raises Stale."""
        ...

    def forget(self, was: Told) -> None:
        """Unless somebody else has told it since."""
        ...

    def of_kind(self, kind: str) -> list[Told]:
        """Those whose subject begins with this word."""
        ...

    def failing(self) -> list[Told]:
        """Those that did not work the last time, longest first."""
        ...
