"""What we remember of telling people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from staging_gate.domain.maintenance import Maintenance
from staging_gate.domain.notification import Notice, Notification


class Notices(Protocol):
    def add(self, notice: Notice) -> None:
        """Its id is given here. Raises Stale where this step about this subject was told already."""
        ...

    def get(self, id: int) -> Notice | None: ...
    def about(self, subject: str) -> list[Notice]:
        """Oldest first."""
        ...

    def unaddressed(self) -> list[Notice]:
        """Those of which nobody knows yet whom they go to: pages first, then oldest first."""
        ...

    def unacknowledged(self) -> list[Notice]:
        """The pages that wait for a person, oldest first."""
        ...

    def update(self, notice: Notice, was: Notice) -> None:
        """Compare-and-set on addressed_at, repeats and acknowledged_at. Raises Stale."""
        ...


class Notifications(Protocol):
    def add(self, notification: Notification) -> None:
        """Its id is given here. Raises Stale where this notice goes to this recipient already."""
        ...

    def get(self, id: int) -> Notification | None: ...
    def of(self, notices: Sequence[int]) -> list[Notification]:
        """Of these notices, oldest first."""
        ...

    def due(self, at: datetime, limit: int = 1000) -> list[Notification]:
        """Pages first, then what was due first."""
        ...

    def undelivered(self, since: datetime) -> list[Notification]:
        """Those that could not be delivered so far, and those given up that were begun `since`, oldest first."""
        ...

    def recent(self, limit: int = 50) -> list[Notification]:
        """Newest first."""
        ...

    def update(self, notification: Notification, was: Notification) -> None:
        """Compare-and-set on state, attempts and due_at. Raises Stale."""
        ...


class Maintenances(Protocol):
    def next_id(self) -> int: ...
    def add(self, maintenance: Maintenance) -> None: ...
    def get(self, id: int) -> Maintenance | None: ...
    def update(self, maintenance: Maintenance, was: Maintenance) -> None:
        """Compare-and-set on how often it was changed. Raises Stale."""
        ...

    def ahead(self, at: datetime) -> list[Maintenance]:
        """Those that are on or to come, the first to begin first."""
        ...

    def between(self, start: datetime, until: datetime) -> list[Maintenance]:
        """Those that touch this time, also cancelled ones, the first to begin first."""
        ...

    def recent(self, limit: int = 50) -> list[Maintenance]:
        """All, the last to begin first."""
        ...
