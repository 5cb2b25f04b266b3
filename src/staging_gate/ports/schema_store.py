"""What we remember about the databases of services."""

from datetime import datetime
from typing import Protocol

from staging_gate.domain.backup import Backup
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.way_back import WayBack


class WaysBack(Protocol):
    def put(self, way: WayBack) -> None:
        """The latest proof of a pair wins."""
        ...

    def get(self, from_tree: str, to_tree: str) -> WayBack | None: ...
    def recent(self, limit: int = 50) -> list[WayBack]:
        """Newest first."""
        ...


class Backups(Protocol):
    def add(self, backup: Backup) -> None:
        """Raises Stale where the deployment has one of this service already."""
        ...

    def of(self, deployment: str) -> list[Backup]:
        """Also removed ones."""
        ...

    def kept(self) -> list[Backup]:
        """Those that are not removed, newest first."""
        ...

    def recent(self, limit: int = 50) -> list[Backup]:
        """Newest first, also removed ones."""
        ...

    def remove(self, backup: Backup, at: datetime) -> None:
        """It counts no more. Raises Stale where it did not before."""
        ...


class MigrationReports(Protocol):
    def put(self, tree: str, report: MigrationReport, at: datetime) -> None:
        """The latest report of a service's migrations in a tree wins."""
        ...

    def of_tree(self, tree: str) -> list[MigrationReport]:
        """By service."""
        ...
