"""Where a service runs: processes on this machine, or providers that build and start by themselves.

A provider that has no private address for a candidate, or that builds by itself, returns at once from the steps that
it does not know and does all of it in `switch`. Every call can be asked again with the same order and does nothing
twice. Raises the family of `ports.errors`; `Refused` means the release is at fault (its build failed, it crashed, its
health is wrong) and carries the service's own last words as evidence.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from staging_gate.domain.backup import Backup
from staging_gate.domain.diagnosis import Diagnosis
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Service, Target

Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class Order:
    """One service of one deployment. `deployment` is the key of everything that is done for it."""

    deployment: str
    environment: Environment
    service: Service
    target: Target
    revision: Revision
    release: str | None = None
    reuse_warm: bool = False


@dataclass(frozen=True)
class Ready:
    """A candidate that answered rightly. `address` is its own, private one (None where the provider has none).

    `inferred`: its /health names no revision, so we know what it is from the process or the provider's record.
    """

    address: str | None
    warm: bool = False
    inferred: bool = False


@dataclass(frozen=True)
class Live:
    """What really receives the traffic. `healthy` is None where nobody asked."""

    deployment: str | None
    commit: str | None
    address: str | None
    healthy: bool | None = None
    detail: str = ""


class BackupKeeper(Protocol):
    """Backups are kept where the databases can be reached. Raises Unavailable: no release is at fault where one can not
    be made."""

    def back_up(self, order: Order, log: str, at: datetime, within: timedelta, cancelled: Cancelled) -> Backup | None:
        """Copy the database of this order's service as it is `at` this moment, before its migrations, and prove that
        the copy can be restored; the one that was made for this deployment already is the answer again.

        None where no migration is new, or there is nothing in the database yet. What a kill leaves does not count.
        """
        ...

    def backups_there(self) -> list[tuple[str, str]]:
        """(service, deployment) of every whole backup, whether anybody remembers it or not. Halves are removed."""
        ...

    def drop_backup(self, service: str, deployment: str) -> None:
        """Remove it; nothing where it is not there."""
        ...

    def restoring(self, order: Order, backup: Backup) -> tuple[str, ...]:
        """The shell commands, to be run on the server's machine, that bring the database back to this backup; what is
        there now is kept under another name. They hold no password."""
        ...


class MigrationDoctor(Protocol):
    def diagnose_schema(self, order: Order, said: str) -> Diagnosis:
        """Why the migrations of this order failed, or would. `said` is the end of what they said, empty where nobody
        knows. The real database is only read. Raises Unavailable, Refused where not even that can be begun."""
        ...


class DeployTarget(BackupKeeper, MigrationDoctor, Protocol):
    def reachable(self, target: Target) -> str | None:
        """None when deployments to this target can work, else what is wrong and what to do. No side effects."""
        ...

    def get_ready(self, orders: Sequence[Order], start: bool) -> None:
        """These orders, all of one deployment that has no id yet, will probably come: begin in the background what can
        be begun without a trace, such as their builds. Returns at once and never fails; nothing depends on it.

        To `start`, nothing stands in the way of the deployment: where nothing is left to do before it, candidates are
        started, too, without traffic. A deployment's own `start` takes one that is just what it would start.
        """
        ...

    def let_go(self, awaited: Collection[str]) -> None:
        """Stop what `get_ready` has started and no deployment has taken, but for orders with these keys."""
        ...

    def build(self, order: Order, log: str, cancelled: Cancelled) -> str:
        """Make what will run; returns a sentence (`built in 3.1 s`, `kept`). `log` refers to its output."""
        ...

    def upgrade_schema(self, order: Order, log: str) -> str:
        """Bring the database to the revision's schema; returns what was done. No process where nothing is new."""
        ...

    def downgrade_schema(self, back_to: Order, since: Order, log: str) -> str:
        """Take the service's database back from the migrations of `since`, with the tool of that revision, to those of
        `back_to`; returns what was done. Looks first: a database that is there already is left alone, one that is half
        way goes the rest of it. Both are built. Refused where a downgrade fails: the database may then be half way."""
        ...

    def start(self, order: Order) -> None:
        """Start a candidate beside what is live, without traffic.

        A deployment that was already started is adopted. Orders with `reuse_warm` (rollbacks) take a healthy warm
        process of the same revision, whichever deployment started it; it then belongs to both deployments.
        """
        ...

    def wait_until_ready(self, order: Order, cancelled: Cancelled) -> Ready:
        """Return once the candidate answered its expected health and revision twice; else Refused, with evidence."""
        ...

    def switch(self, order: Order) -> None:
        """Send all new requests to this order's candidate."""
        ...

    def put_back(self, order: Order) -> Ready:
        """Switch to an earlier deployment: its warm process (see `start`: perhaps another deployment's of the same
        revision) after one good answer, else its kept build started anew."""
        ...

    def close_route(self, order: Order) -> None:
        """Answer 503 from now on: there is no earlier release to go back to."""
        ...

    def discard(self, order: Order) -> None:
        """Stop a candidate that never goes live. What receives traffic is never stopped by this."""
        ...

    def retire(self, environment: Environment, service: Service, keep: tuple[str, ...]) -> None:
        """Drain and stop the processes of all deployments but `keep` and what receives traffic, in the background.

        A process that was taken over by a deployment in `keep` stays too.
        """
        ...

    def retire_others(self, environment: Environment, services: tuple[str, ...], keep: tuple[str, ...]) -> None:
        """The same for every service but these: it ran here once and is no more. Nothing answers for one of which no
        deployment in `keep` knows."""
        ...

    def live(self, environment: Environment, service: Service, target: Target) -> Live:
        """What receives the traffic now, as the target itself says."""
        ...

    def address(self, environment: Environment, service: Service, target: Target) -> str | None:
        """The public address of the service; None where nobody can ask it from outside, such as a worker."""
        ...

    def said_since_live(self, order: Order) -> Iterable[str] | None:
        """The log lines of the service since this deployment was switched to; None where nobody can tell."""
        ...

    def last_words(self, order: Order, lines: int = 50) -> str:
        """The last log lines of the service for this deployment."""
        ...
