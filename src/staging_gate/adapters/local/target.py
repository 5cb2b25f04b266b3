"""The deploy target `local`: processes on this machine, started beside each other behind one proxy."""

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Thread

from staging_gate.adapters.local import processes, readiness
from staging_gate.adapters.local.backups import Backups
from staging_gate.adapters.local.builds import Builds
from staging_gate.adapters.local.candidates import Candidates, run_log, runs
from staging_gate.adapters.local.diagnoses import Diagnoses
from staging_gate.adapters.local.downgrades import Downgrades
from staging_gate.adapters.local.launching import address_of
from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.locks import never
from staging_gate.adapters.local.logs import FileLogs
from staging_gate.adapters.local.places import Place, Places, every_service
from staging_gate.adapters.local.ports import holder_of
from staging_gate.adapters.local.processes import Process
from staging_gate.adapters.local.proxy import Proxy
from staging_gate.adapters.local.readiness import Look, Question
from staging_gate.adapters.local.retirement import Retirement
from staging_gate.adapters.local.schema import Schemas
from staging_gate.adapters.local.secrets import Resolved, missing, resolve
from staging_gate.domain.backup import Backup
from staging_gate.domain.diagnosis import Diagnosis
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Service, Target
from staging_gate.ports.deploy_target import Cancelled, Live, Order, Ready
from staging_gate.ports.errors import OutsideError, Refused, Unavailable
from staging_gate.wire.commands import Account

MOST_PORTS = 3
"""How many ports a candidate is given, one after the other, when somebody else takes them first."""

WARM_ANSWER_WITHIN = 1.0
"""Seconds: a warm process that needs longer is no way back in a hurry."""

EXIT_CODE_WITHIN = 2.0


class LocalTarget:
    """Implements `ports.deploy_target.DeployTarget`. `account` is whom services run as; None is ourselves."""

    def __init__(
        self,
        layout: Layout,
        builds: Builds,
        schemas: Schemas,
        backups: Backups,
        diagnoses: Diagnoses,
        proxy: Proxy,
        retirement: Retirement,
        logs: FileLogs,
        account: Account | None,
    ) -> None:
        self._layout = layout
        self._candidates = Candidates(builds, proxy, logs, account)
        self._builds = builds
        self._schemas = schemas
        self._backups = backups
        self._diagnoses = diagnoses
        self._proxy = proxy
        self._retirement = retirement
        self._logs = logs

    def reachable(self, target: Target) -> str | None:
        if target.port is None:
            return "The target has no port: give `local` one, such as `local: {port: 8000}`."
        if problems := missing(target.environ):
            return " ".join(problems)
        # Ours first, because that is the usual case and finding a stranger means to look into every process.
        if not self._is_a_route(target.port) and (holder := holder_of(target.port)):
            return f"Port {target.port} is already used by {holder}: free it, or give the target another port."
        return None

    def get_ready(self, orders: Sequence[Order], start: bool) -> None:
        for order in orders:
            with suppress(OSError):
                processes.get_ready(self._places(order).route)
        Thread(target=self._try_to_get_ready, args=(orders, start), name="get ready", daemon=True).start()

    def let_go(self, awaited: Collection[str]) -> None:
        for places in every_service(self._layout):
            with suppress(OSError):  # it is asked again soon
                self._retirement.end_unclaimed(places, awaited)

    def build(self, order: Order, log: str, cancelled: Cancelled) -> str:
        places = self._places(order)
        if not order.reuse_warm and not places.of_commit(order.revision.commit):
            processes.get_ready(places.route)  # by the time of the start it has come up
        build = self._builds.ensure(order.revision, order.service, log, cancelled)
        if build.seconds is None:
            return "kept: this tree is already built"
        return f"built in {build.seconds:.1f} s"

    def upgrade_schema(self, order: Order, log: str) -> str:
        return self._schemas.upgrade(order, log)

    def back_up(self, order: Order, log: str, at: datetime, within: timedelta, cancelled: Cancelled) -> Backup | None:
        return self._backups.make(order, log, at, within, cancelled)

    def backups_there(self) -> list[tuple[str, str]]:
        return self._backups.kept()

    def drop_backup(self, service: str, deployment: str) -> None:
        self._backups.drop(service, deployment)

    def restoring(self, order: Order, backup: Backup) -> tuple[str, ...]:
        return self._backups.restoring(order, backup)

    def diagnose_schema(self, order: Order, said: str) -> Diagnosis:
        return self._diagnoses.diagnose(order, said)

    def downgrade_schema(self, back_to: Order, since: Order, log: str) -> str:
        return Downgrades(self._schemas).downgrade(back_to, since, log)

    def start(self, order: Order) -> None:
        places = self._places(order)
        with places.locked():
            place = places.get(order.deployment)
            if not place or not runs(places, place):
                warm = self._warm(order, places) if order.reuse_warm else None
                if warm:
                    places.put(warm.place)
                elif not self._candidates.claim(order, places):
                    self._candidates.start_anew(order, places)
        # After the start, so that the service boots meanwhile.
        self._proxy.ensure({places.route: _port(order.target)})

    def wait_until_ready(self, order: Order, cancelled: Cancelled) -> Ready:
        for _ in range(MOST_PORTS):
            place, process = self._started(order)
            look = self._wait(order, place, process, cancelled)
            if look.ready:
                warm = place.log != order.deployment and not place.early
                return Ready(_private(place), warm, look.judgement.inferred)
            if process.alive() or not holder_of(place.port):
                break
            # It ended, and somebody else listens on its port: that was chosen, but not ours until it listened.
            with self._places(order).locked():
                self._candidates.start_anew(order, self._places(order))
        raise self._failure(order, look, process)

    def switch(self, order: Order) -> None:
        places = self._places(order)
        place = places.get(order.deployment)
        if place is None:
            raise Unavailable(
                f"{order.service.name} of {order.deployment} was not started, so nothing can be sent there."
            )
        with places.locked():
            self._send(places, place)

    def put_back(self, order: Order) -> Ready:
        places = self._places(order)
        with places.locked():
            if warm := self._warm(order, places):
                self._send(places, warm.place)
                return Ready(_private(warm.place), warm=True, inferred=warm.inferred)
        return self._put_back_cold(order, places)

    def close_route(self, order: Order) -> None:
        self._proxy.close(self._places(order).route)

    def discard(self, order: Order) -> None:
        places = self._places(order)
        processes.dismiss(places.route)
        with places.locked():
            place = places.get(order.deployment)
            if place is None or place.port == self._proxy.current(places.route):
                return
            alone = places.of_process(place.process) == [place]
            if alone:
                places.mark_retiring(place.process)
            places.forget(order.deployment)
            if not alone:
                return
        if process := places.process(place.process):
            process.stop(order.service.stop_within.total_seconds())
        places.remove_process(place.process)

    def retire(self, environment: Environment, service: Service, keep: tuple[str, ...]) -> None:
        self._retirement.begin(Places(self._layout, environment, service.name), keep)

    def retire_others(self, environment: Environment, services: tuple[str, ...], keep: tuple[str, ...]) -> None:
        for places in every_service(self._layout):
            if places.environment is not environment or places.service in services:
                continue
            if places.process_names():
                self._retirement.begin(places, keep)
            if not any(places.get(deployment) for deployment in keep):
                self._proxy.stop(places.route)

    def resume(self) -> None:
        """Take up what was going on in the background when we were killed."""
        self._retirement.resume(every_service(self._layout))

    def live(self, environment: Environment, service: Service, target: Target) -> Live:
        places = Places(self._layout, environment, service.name)
        port = self._proxy.current(places.route)
        if port is None:
            return Live(None, None, None, detail="nothing was switched to, or the route is closed")
        here = [place for place in places.all() if place.port == port]
        place = next((place for place in here if place.deployment == places.sent_to()), here[0] if here else None)
        if place is None:
            return Live(None, None, address_of(target), detail=f"port {port} receives the traffic and is not ours")
        if not places.process(place.process):
            return Live(place.deployment, place.commit, address_of(target), False, "its process has ended")
        return Live(place.deployment, place.commit, address_of(target))

    def address(self, environment: Environment, service: Service, target: Target) -> str:
        return address_of(target)

    def said_since_live(self, order: Order) -> Iterable[str] | None:
        place = self._places(order).get(order.deployment)
        if place is None or place.said is None:
            return None
        hidden = _hidden(order)
        return (hidden.hide(line) for line in self._logs.lines(run_log(place.log, order.service.name), place.said))

    def last_words(self, order: Order, lines: int = 50) -> str:
        place = self._places(order).get(order.deployment)
        started_by = place.log if place else order.deployment
        return _hidden(order).hide(self._logs.tail(run_log(started_by, order.service.name), lines))

    def _try_to_get_ready(self, orders: Sequence[Order], start: bool) -> None:
        with suppress(OutsideError, OSError):  # whoever needs it does it again, and hears what is wrong
            with ThreadPoolExecutor(len(orders)) as pool:
                list(pool.map(self._build_early, orders))
            if start and not any(map(self._schemas.has_to_be_upgraded, orders)):
                for order in orders:
                    self._start_early(order)

    def _build_early(self, order: Order) -> None:
        self._builds.ensure(order.revision, order.service, f"{order.deployment}/build-{order.service.name}", never)

    def _start_early(self, order: Order) -> None:
        places = self._places(order)
        with places.locked():
            self._candidates.start_early(order, places)

    def _is_a_route(self, port: int) -> bool:
        """Whether the proxy has this public port, for any service."""
        routes = [self._proxy.process(folder.name) for folder in self._layout.run.glob("*/")]
        return any(process.labels.get("port") == str(port) for process in routes if process)

    def _places(self, order: Order) -> Places:
        return Places(self._layout, order.environment, order.service.name)

    def _warm(self, order: Order, places: Places) -> "_Warm | None":
        """A place whose process answers rightly now: this deployment's own, else one of the same revision."""
        own = places.get(order.deployment)
        if own and (warm := self._answering(order, places, own)):
            return warm
        for place in places.all():
            if place.commit == order.revision.commit and place != own:
                number = places.next_number()
                again = replace(place, deployment=order.deployment, number=number, said=None, early=False)
                if warm := self._answering(order, places, again):
                    return warm
        return None

    def _answering(self, order: Order, places: Places, place: Place) -> "_Warm | None":
        if not runs(places, place):
            return None
        question = _question(order, place)
        judgement = readiness.judge(readiness.ask(question, WARM_ANSWER_WITHIN), question)
        return None if judgement.wrong else _Warm(place, judgement.inferred)

    def _started(self, order: Order) -> tuple[Place, Process]:
        places = self._places(order)
        place = places.get(order.deployment)
        process = processes.find(places.state(place.process)) if place else None
        if place is None or process is None:
            raise Unavailable(f"{order.service.name} of {order.deployment} does not run: it has to be started first.")
        return place, process

    def _wait(self, order: Order, place: Place, process: Process, cancelled: Cancelled) -> Look:
        return readiness.wait(
            _question(order, place), lambda: process.owns_port(place.port), lambda: not process.alive(), cancelled
        )

    def _send(self, places: Places, place: Place) -> None:
        if place.said is None:
            place = replace(place, said=self._logs.size(run_log(place.log, places.service)))
        if places.get(place.deployment) != place:
            places.put(place)
        if len(places.of_process(place.process)) > 1:
            places.send_to(place.deployment)
        self._proxy.switch(places.route, place.port)

    def _put_back_cold(self, order: Order, places: Places) -> Ready:
        self._builds.ensure(order.revision, order.service, f"{order.deployment}/put-back-{order.service.name}", never)
        with places.locked():
            # What runs for this deployment did not answer rightly; a retirement will end it.
            self._candidates.start_anew(order, places)
        self._proxy.ensure({places.route: _port(order.target)})
        ready = self.wait_until_ready(order, never)
        self.switch(order)
        return ready

    def _failure(self, order: Order, look: Look, process: Process) -> Refused:
        name, hidden = order.service.name, _hidden(order)
        if not process.alive():
            # Its shim still has to write down the exit code and the last of its output.
            process.wait(EXIT_CODE_WITHIN)
            code = process.exit_code()
            how = "was killed" if code is None else f"ended with exit code {code}"
            message = f"{name} {how}, {look.seconds:.1f} s after it was started and before it was healthy."
        elif look.judgement.for_good:
            message = f"{name} is not what was deployed: {look.judgement.wrong}."
        else:
            message = f"{name} was not healthy within {look.seconds:.1f} s: {look.judgement.wrong}."
        evidence = [
            f"last answer of GET {order.service.health.path}: {look.answer}",
            f"waited {look.seconds:.1f} s of {order.service.health.within.total_seconds():g} s",
            "last lines of its log:",
            self.last_words(order) or "(it said nothing)",
        ]
        return Refused(hidden.hide(message), hidden.hide("\n".join(evidence)))


@dataclass(frozen=True)
class _Warm:
    """A place with a process that just answered rightly, recorded for the deployment that asked or not yet."""

    place: Place
    inferred: bool


def _question(order: Order, place: Place) -> Question:
    return Question(place.port, order.service.health, order.environment, order.revision.commit)


def _private(place: Place) -> str:
    return f"http://127.0.0.1:{place.port}"


def _port(target: Target) -> int:
    if target.port is None:
        raise Refused("The target has no port: give `local` one, such as `local: {port: 8000}`.")
    return target.port


def _hidden(order: Order) -> Resolved:
    """For taking secrets out of text; where one is missing now, it was so at the start as well."""
    given = {**order.service.environ, **order.target.environ}
    gone = {name for name, value in given.items() if missing({name: value})}
    return resolve({name: value for name, value in given.items() if name not in gone})
