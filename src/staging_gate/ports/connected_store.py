"""What we remember of the providers that we are connected to."""

from typing import Protocol

from staging_gate.domain.pull_request import Heard


class PullRequestsHeard(Protocol):
    def put(self, heard: Heard) -> None:
        """The latest of a number wins; what was asked before that is forgotten, whoever comes later with it."""
        ...

    def get(self, number: int) -> Heard | None: ...
    def open(self) -> list[Heard]:
        """Those that were open when we last asked, by number."""
        ...
