"""What deploy targets share where a provider builds, migrates, and keeps what it has built by rules of its own."""

import json
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from staging_gate.domain.backup import Backup
from staging_gate.domain.diagnosis import Diagnosis
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Service
from staging_gate.ports.clock import Clock
from staging_gate.ports.deploy_target import Cancelled, Order
from staging_gate.ports.errors import Refused, Stopped
from staging_gate.wire.glances import Glances
from staging_gate.wire.hints import Hints
from staging_gate.wire.journal import Journal

J = TypeVar("J", bound=Journal[Any])

Read = Callable[[str], str | None]
"""What a reference to a secret, such as `env:NAME`, leads to; None for other text."""


def plain(reference: str) -> str | None:
    """Nothing is a reference."""
    return None


class HostedTarget(Generic[J]):
    """That part of `ports.deploy_target.DeployTarget`. `state` is a folder of ours, with a `journal` for each service
    and environment."""

    provider: ClassVar[str]
    migrated_by: ClassVar[str]

    def __init__(self, journal: type[J], state: Path, clock: Clock, read: Read) -> None:
        self._of = journal.of
        self._state = state
        self._clock = clock
        self._read = read
        self._hints = Hints()
        self._glances = Glances(clock)

    def heard(self, body: bytes) -> None:
        """Implements `ports.hints.Hearer`."""
        with suppress(ValueError, RecursionError):
            self._hints.tell(*self._about(json.loads(body)))

    def get_ready(self, orders: Sequence[Order], start: bool) -> None:
        """A build costs money there, or can not be begun beforehand: it begins with its deployment."""

    def let_go(self, awaited: Collection[str]) -> None:
        """Nothing was started."""

    def upgrade_schema(self, order: Order, log: str) -> str:
        return f"{self.migrated_by} does it"

    def downgrade_schema(self, back_to: Order, since: Order, log: str) -> str:
        raise self._reaches_no_database()

    def diagnose_schema(self, order: Order, said: str) -> Diagnosis:
        return Diagnosis(order.deployment, order.environment, order.service.name)

    def back_up(self, order: Order, log: str, at: datetime, within: timedelta, cancelled: Cancelled) -> Backup | None:
        raise self._reaches_no_database()

    def backups_there(self) -> list[tuple[str, str]]:
        return []

    def drop_backup(self, service: str, deployment: str) -> None:
        """There are none."""

    def restoring(self, order: Order, backup: Backup) -> tuple[str, ...]:
        return ()

    def retire(self, environment: Environment, service: Service, keep: tuple[str, ...]) -> None:
        """The provider keeps what it has built by its own rules; we only forget which it was."""
        self._of(self._state, environment, service.name).keep(set(keep))

    def retire_others(self, environment: Environment, services: tuple[str, ...], keep: tuple[str, ...]) -> None:
        for path in (self._state / environment).glob("*.json"):
            if path.stem not in services and not set(keep) & self._of(self._state, environment, path.stem).all().keys():
                path.unlink()

    def _journal(self, order: Order) -> J:
        return self._of(self._state, order.environment, order.service.name)

    @abstractmethod
    def _about(self, body: object) -> Iterable[str]:
        """What a webhook is about, by the provider's own ids; nothing where it says none."""

    def _reaches_no_database(self) -> Refused:
        return Refused(
            f"Databases of services at {self.provider} are not reached from here: {self.migrated_by} migrates them. "
            "Take `schema` out of the service in gate.yaml, or run it on a `local` target."
        )


def go_on_unless(cancelled: Cancelled) -> None:
    if cancelled():
        raise Stopped("It was stopped: nobody waits for it any more.")
