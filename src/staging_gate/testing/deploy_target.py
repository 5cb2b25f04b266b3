"""A deploy target in memory: builds, processes, traffic. Nothing is executed; everything is remembered."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock

from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.domain.diagnosis import Diagnosis, Suspect
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Service, Target
from staging_gate.ports.deploy_target import Cancelled, Live, Order, Ready
from staging_gate.ports.errors import Refused, Stopped, Unavailable
from staging_gate.testing.faults import Faults

ROUTE = tuple[Environment, str]
WAYS_BACK = {"put_back": " put back", "downgrade_schema": " downgrade"}
"""Calls that await their faults in a place of their own: it is not the next deployment that they are about."""


@dataclass
class FakeProcess:
    """`deployments` are those that it belongs to, the one that started it first. `said` is its log, `marks` where that
    stood when a deployment was switched to. `early`: it was started for a deployment that has not come (yet)."""

    number: int
    commit: str
    release: str | None
    deployments: list[str]
    running: bool = True
    healthy: bool = True
    said: list[str] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    early: bool = False

    def is_of(self, order: Order) -> bool:
        return self.commit == order.revision.commit

    @property
    def warm(self) -> bool:
        return self.running and self.healthy

    @property
    def address(self) -> str:
        return f"http://candidate.invalid/{self.number}"


@dataclass
class Route:
    """One service in one environment. `served` is what received the traffic, in order: a release or a commit, or ""
    where nothing did."""

    processes: list[FakeProcess] = field(default_factory=list)
    traffic: FakeProcess | None = None
    sent_to: str | None = None
    closed: bool = False
    served: list[str] = field(default_factory=list)

    def of(self, deployment: str) -> FakeProcess | None:
        return next((p for p in reversed(self.processes) if deployment in p.deployments and p.running), None)

    def warm(self, order: Order) -> FakeProcess | None:
        """The deployment's own process, else any of the same revision."""
        own = self.of(order.deployment)
        same = [p for p in self.processes if p.warm and p.commit == order.revision.commit]
        return own if own and own.warm else next(iter(same), None)


@dataclass(frozen=True)
class Sent:
    """Traffic that was sent somewhere, for a deployment; `commit` is None where the route was closed."""

    environment: Environment
    service: str
    deployment: str
    commit: str | None


@dataclass
class Remembered:
    """`calls` are (call, deployment, service), in order; `sent` is every move of traffic. `unhealthy` are commits.
    `expected` are (deployment, tree) that it was told to get ready, `backups` what is kept by (service, deployment);
    `proof` is how far the next one is proved, `suspects` what every diagnosis finds.
    `schemas` are the trees whose migrations databases have; `applied`, `downgraded` (deployment, service) are those
    that really moved one. `early` are (deployment, commit) that it started when it was told to get ready."""

    routes: dict[ROUTE, Route] = field(default_factory=dict)
    builds: set[tuple[str, str]] = field(default_factory=set)
    schemas: dict[ROUTE, str] = field(default_factory=dict)
    backups: dict[tuple[str, str], Backup] = field(default_factory=dict)
    proof: BackupProof = BackupProof.RESTORED
    suspects: list[Suspect] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    expected: list[tuple[str, str]] = field(default_factory=list)
    applied: list[tuple[str, str]] = field(default_factory=list)
    downgraded: list[tuple[str, str]] = field(default_factory=list)
    early: list[tuple[str, str]] = field(default_factory=list)
    no_migrations: bool = False
    unreachable: str | None = None
    unhealthy: set[str] = field(default_factory=set)
    numbers: int = 0


@dataclass
class FakeTarget:
    """Implements `ports.deploy_target.DeployTarget`, for both environments. What it knows survives our own crashes."""

    faults: Faults = field(default_factory=Faults)
    known: Remembered = field(default_factory=Remembered)
    _turn: RLock = field(default_factory=RLock)

    # --- the port ------------------------------------------------------------------------------------------------

    def reachable(self, target: Target) -> str | None:
        return self.known.unreachable

    def get_ready(self, orders: Sequence[Order], start: bool) -> None:
        with self._turn:
            self.known.expected += [(order.deployment, order.revision.tree) for order in orders if not start]
            if start and not any(map(self._has_new_migrations, orders)):
                for order in orders:
                    self._start_early(order)

    def let_go(self, awaited: Collection[str]) -> None:
        with self._turn:
            for route in self.known.routes.values():
                for process in route.processes:
                    if process.early and process.deployments[0] not in awaited:
                        process.running = False

    def build(self, order: Order, log: str, cancelled: Cancelled) -> str:
        with self._call("build", order):
            _go_on_unless(cancelled)
            key = (order.revision.tree, order.service.name)
            if key in self.known.builds:
                return "kept: this tree is already built"
            self.known.builds.add(key)
            return "built in 1.0 s"

    def upgrade_schema(self, order: Order, log: str) -> str:
        with self._call("upgrade_schema", order):
            new = self._has_new_migrations(order)
            self.known.schemas[order.environment, order.service.name] = order.revision.tree
            if new:
                self.known.applied.append((order.deployment, order.service.name))
            return "upgraded" if new else "nothing is new"

    def back_up(self, order: Order, log: str, at: datetime, within: timedelta, cancelled: Cancelled) -> Backup | None:
        with self._call("back_up", order):
            _go_on_unless(cancelled)
            key = (order.service.name, order.deployment)
            has = self.known.schemas.get((order.environment, order.service.name))
            if key not in self.known.backups and has is not None and self._has_new_migrations(order):
                self.known.backups[key] = _backup(order, at, str(has), self.known.proof)
            return self.known.backups.get(key)

    def backups_there(self) -> list[tuple[str, str]]:
        return sorted(self.known.backups)

    def drop_backup(self, service: str, deployment: str) -> None:
        with self._turn:
            self.known.backups.pop((service, deployment), None)

    def restoring(self, order: Order, backup: Backup) -> tuple[str, ...]:
        return (f"restore {order.service.name} {backup.file}",)

    def diagnose_schema(self, order: Order, said: str) -> Diagnosis:
        with self._call("diagnose_schema", order):
            found = self.known.suspects
            return Diagnosis(order.deployment, order.environment, order.service.name, tuple(found))

    def downgrade_schema(self, back_to: Order, since: Order, log: str) -> str:
        with self._call("downgrade_schema", back_to):
            at = (back_to.environment, back_to.service.name)
            if self.known.schemas.get(at) == back_to.revision.tree:
                return "the database is there already"
            self.known.schemas[at] = back_to.revision.tree
            self.known.downgraded.append((back_to.deployment, back_to.service.name))
            return "downgraded"

    def start(self, order: Order) -> None:
        with self._call("start", order):
            route = self.route(order.environment, order.service.name)
            if route.of(order.deployment):
                return
            warm = route.warm(order) if order.reuse_warm else None
            if warm:
                warm.deployments.append(order.deployment)
            elif early := next((p for p in route.processes if p.early and p.running and p.is_of(order)), None):
                early.deployments, early.early = [order.deployment], False
            else:
                self._start_anew(order, route)

    def wait_until_ready(self, order: Order, cancelled: Cancelled) -> Ready:
        with self._call("wait_until_ready", order):
            _go_on_unless(cancelled)
            process = self._started(order)
            if process.commit in self.known.unhealthy:
                seen = "last answer of GET /health: 500"
                raise Refused(f"{order.service.name} was not healthy within 60 s.", seen)
            return Ready(process.address, warm=process.deployments[0] != order.deployment)

    def switch(self, order: Order) -> None:
        with self._call("switch", order):
            self._send(order, self._started(order))

    def put_back(self, order: Order) -> Ready:
        with self._call("put_back", order):
            route = self.route(order.environment, order.service.name)
            process = route.warm(order)
            warm = process is not None
            if process is None:
                self.known.builds.add((order.revision.tree, order.service.name))
                process = self._start_anew(order, route)
            if order.deployment not in process.deployments:
                process.deployments.append(order.deployment)
            self._send(order, process)
            return Ready(process.address, warm=warm)

    def close_route(self, order: Order) -> None:
        with self._call("close_route", order):
            route = self.route(order.environment, order.service.name)
            if not route.closed:
                route.served.append("")
            route.closed, route.traffic, route.sent_to = True, None, None
            self.known.sent.append(Sent(order.environment, order.service.name, order.deployment, None))

    def discard(self, order: Order) -> None:
        with self._call("discard", order):
            route = self.route(order.environment, order.service.name)
            process = route.of(order.deployment)
            if process is None or process is route.traffic:
                return
            process.deployments.remove(order.deployment)
            process.running = bool(process.deployments)

    def retire(self, environment: Environment, service: Service, keep: tuple[str, ...]) -> None:
        with self._turn:
            route = self.route(environment, service.name)
            for process in route.processes:
                if process is not route.traffic and not set(keep) & set(process.deployments):
                    process.running = False

    def retire_others(self, environment: Environment, services: tuple[str, ...], keep: tuple[str, ...]) -> None:
        with self._turn:
            for (where, service), route in self.known.routes.items():
                if where is environment and service not in services:
                    for process in route.processes:
                        process.running = process.running and bool(set(keep) & set(process.deployments))

    def live(self, environment: Environment, service: Service, target: Target) -> Live:
        with self._turn:
            route = self.route(environment, service.name)
            if route.traffic is None:
                return Live(None, None, None, detail="nothing was switched to, or the route is closed")
            address = self.address(environment, service, target)
            well = None if route.traffic.warm else False
            return Live(route.sent_to, route.traffic.commit, address, well, "" if well is None else "it has ended")

    def address(self, environment: Environment, service: Service, target: Target) -> str:
        return f"http://{service.name}.{environment}.invalid"

    def said_since_live(self, order: Order) -> Iterable[str] | None:
        process = self.route(order.environment, order.service.name).of(order.deployment)
        mark = process.marks.get(order.deployment) if process else None
        return process.said[mark:] if process and mark is not None else None

    def last_words(self, order: Order, lines: int = 50) -> str:
        said = self.route(order.environment, order.service.name).of(order.deployment)
        return f"the last words of {order.service.name} in {order.deployment}" if said else ""

    # --- what stories ask and do ---------------------------------------------------------------------------------

    def route(self, environment: Environment, service: str) -> Route:
        return self.known.routes.setdefault((environment, service), Route())

    def never_healthy(self, commit: str) -> None:
        """Processes of this revision never answer their health rightly."""
        self.known.unhealthy.add(commit)

    def bring_no_migrations(self) -> None:
        """What is deployed from now on has none that its database has not."""
        self.known.no_migrations = True

    def lose_processes(self) -> None:
        """Everything that runs dies."""
        for route in self.known.routes.values():
            for process in route.processes:
                process.running = False

    def overlaps(self) -> list[str]:
        """Deployments that went on after another one of their environment had begun: there must be none."""
        begun: dict[str, list[str]] = {}
        found = []
        for call, deployment, _ in self.known.calls:
            order = begun.setdefault(deployment.rpartition("-")[0], [])
            if deployment not in order:
                order.append(deployment)
            elif deployment != order[-1] and call != "discard":
                found.append(f"{call} of {deployment} after {order[-1]} had begun")
        return found

    def copy(self) -> "FakeTarget":
        return FakeTarget(self.faults.copy(), deepcopy(self.known))

    # --- inside --------------------------------------------------------------------------------------------------

    @contextmanager
    def _call(self, name: str, order: Order) -> Iterator[None]:
        """Remember it, and meet the fault that was armed for it."""
        back = WAYS_BACK.get(name, "")
        fault = self.faults.find(order.environment + back, order.deployment + back, name, order.service.name)
        if fault and fault.error and not fault.acts:
            raise fault.error
        with self._turn:
            self.known.calls.append((name, order.deployment, order.service.name))
            yield
        if fault and fault.error:
            raise fault.error

    def _has_new_migrations(self, order: Order) -> bool:
        if order.service.schema is None or self.known.no_migrations:
            return False
        return self.known.schemas.get((order.environment, order.service.name)) != order.revision.tree

    def _start_early(self, order: Order) -> None:
        route = self.route(order.environment, order.service.name)
        if not any(process.is_of(order) for process in route.processes):
            self._started_process(order, route).early = True
            self.known.early.append((order.deployment, order.revision.commit))

    def _start_anew(self, order: Order, route: Route) -> FakeProcess:
        if (order.revision.tree, order.service.name) not in self.known.builds:
            raise Unavailable(f"{order.service.name} of {order.deployment} was not built.")
        return self._started_process(order, route)

    def _started_process(self, order: Order, route: Route) -> FakeProcess:
        self.known.numbers += 1
        process = FakeProcess(self.known.numbers, order.revision.commit, order.release, [order.deployment])
        route.processes.append(process)
        return process

    def _started(self, order: Order) -> FakeProcess:
        process = self.route(order.environment, order.service.name).of(order.deployment)
        if process is None:
            raise Unavailable(f"{order.service.name} of {order.deployment} was not started.")
        return process

    def _send(self, order: Order, process: FakeProcess) -> None:
        route = self.route(order.environment, order.service.name)
        if route.traffic is not process:
            route.served.append(process.release or process.commit)
        route.traffic, route.sent_to, route.closed = process, order.deployment, False
        process.marks.setdefault(order.deployment, len(process.said))
        self.known.sent.append(Sent(order.environment, order.service.name, order.deployment, process.commit))


def _backup(order: Order, at: datetime, schema: str, proof: BackupProof) -> Backup:
    """Of a database that has the migrations of the tree `schema`."""
    service, deployment = order.service.name, order.deployment
    return Backup(
        deployment,
        service,
        at,
        kind="sqlite",
        file=f"/backups/{service}/{deployment}.backup",
        size=4_096,
        sha256="5" * 64,
        revisions=(schema[:8],),
        tables=2,
        rows=1_200,
        proof=proof,
        seconds=0.5,
    )


def _go_on_unless(cancelled: Cancelled) -> None:
    if cancelled():
        raise Stopped("It was stopped before its end.")
