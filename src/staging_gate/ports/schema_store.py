"""What we remember about the databases of services."""

from typing import Protocol

from staging_gate.domain.way_back import WayBack


class WaysBack(Protocol):
    def put(self, way: WayBack) -> None:
        """The latest proof of a pair wins."""
        ...

    def get(self, from_tree: str, to_tree: str) -> WayBack | None: ...
    def recent(self, limit: int = 50) -> list[WayBack]:
        """Newest first."""
        ...
