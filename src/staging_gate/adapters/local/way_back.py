"""The release before, tried beside everything: its services on stand-in databases, on ports that nobody knows."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from staging_gate.adapters.local import processes, readiness
from staging_gate.adapters.local.builds import Build
from staging_gate.adapters.local.commands import last_line, shortened
from staging_gate.adapters.local.folders import make_home
from staging_gate.adapters.local.launching import known_values, path_of, program, resolved_environ
from staging_gate.adapters.local.layout import a_name, make_folder
from staging_gate.adapters.local.leftovers import MARK
from staging_gate.adapters.local.logs import FileLogs
from staging_gate.adapters.local.processes import Process, ProcessSpec
from staging_gate.adapters.local.readiness import Look, Question
from staging_gate.adapters.local.scratch import HOME
from staging_gate.adapters.local.secrets import Resolved
from staging_gate.adapters.local.smoke import LocalSmoke
from staging_gate.adapters.local.stand_ins import STAGING, Workplace
from staging_gate.adapters.local.waiting import Limit
from staging_gate.domain.check import Verdict
from staging_gate.domain.way_back import Loss, TriedOn, Try
from staging_gate.ports.deploy_target import Cancelled, Order
from staging_gate.ports.errors import OutsideError, Refused, Stopped, Unavailable
from staging_gate.ports.way_back import WayBackOrder

PROVIDER = "local"
WHERE = {
    TriedOn.UPGRADED: "on the upgraded database",
    TriedOn.DOWNGRADED: "on the database after its downgrade",
    TriedOn.OWN: "on a database of its own",
}
EXIT_CODE_WITHIN = 2.0


@dataclass(frozen=True)
class Found:
    works: bool | None
    evidence: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A service of the old release that was started for a try."""

    order: Order
    process: Process
    port: int
    place: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class LocalWayBack:
    """Implements `ports.way_back.WayBackProver`. `private_port` chooses one that receives nothing."""

    workplace: Workplace
    smoke: LocalSmoke
    logs: FileLogs
    private_port: Callable[[], int]

    def prove(self, order: WayBackOrder, cancelled: Cancelled) -> Try:
        limit = Limit(order.within.total_seconds())
        stop = lambda: limit.over or cancelled()  # noqa: E731
        try:
            with self.workplace.scratch.folder(a_name(order.key), stop) as folder, ExitStack() as stack:
                found = self._try(order, folder, stack, stop)
        except Stopped:
            if cancelled() or not limit.over:
                raise
            found = Found(None, (f"It was not done within {order.within.total_seconds() / 60:g} min.",))
        except Unavailable:
            raise
        except OutsideError as error:
            self.logs.append(order.log, f"{error.message}\n{error.evidence}\n")
            found = Found(None, (error.message,))
        self.logs.append(order.log, "".join(f"{said}\n" for said in found.evidence))
        return Try(order.on, found.works, found.evidence, found.losses, round(limit.spent, 3))

    def _try(self, order: WayBackOrder, folder: Path, stack: ExitStack, stop: Cancelled) -> Found:
        _refuse_elsewhere(order)
        _go_on_unless(stop)
        builds = [self.workplace.builds.ensure(order.old.revision, one, order.log, stop) for one in order.old.services]
        databases = self.workplace.databases(order, folder, stack, stop)
        there = databases.by_address.values()
        said = tuple(remark for one in there for remark in one.said)
        losses = tuple(loss for one in there for loss in one.losses)
        hidden = databases.hiding(order.old.services)
        if fails := [one.fails for one in there if one.fails]:
            return Found(False, (*said, f"The downgrade fails: {hidden.hide(fails[0])}."))
        candidates = []
        for service, build in zip(order.old.services, builds, strict=True):
            wanted = databases.order(order, service, self.private_port())
            candidates.append(self._start(wanted, build, folder, order.log, stack))
        works, evidence = self._judge(order, candidates, hidden, stop)
        return Found(works, (*said, *evidence), losses)

    def _start(self, order: Order, build: Build, folder: Path, log: str, stack: ExitStack) -> Candidate:
        port = order.target.port
        assert port
        place = make_folder(folder / "processes" / a_name(order.service.name), 0o711)
        home = make_home(place / "home", self.workplace.scratch.account)
        values = {**known_values(order), "PORT": str(port)}
        setting = f"services.{order.service.name}.run"
        environ = resolved_environ(order, build, home, values).environ
        spec = ProcessSpec(
            name=f"way back {order.service.name} {order.deployment}",
            argv=program(order.service.run, build.path, path_of(build), values, setting),
            cwd=build.path,
            environ={**environ, MARK: str(folder / HOME)},
            log=self.logs.path(_log(log, order)),
            state=place / "process.json",
            account=self.workplace.scratch.account,
        )
        process = processes.start(spec)
        stack.callback(process.stop, order.service.stop_within.total_seconds())
        return Candidate(order, process, port, place)

    def _judge(
        self, order: WayBackOrder, candidates: list[Candidate], hidden: Resolved, stop: Cancelled
    ) -> tuple[bool | None, tuple[str, ...]]:
        """All are waited for before the first is tested: they may need each other."""
        for one in candidates:
            look = _look(one, stop)
            if not look.ready:
                return False, (hidden.hide(f"{self._not_healthy(one, look, order)}"),)
        addresses = {one.order.service.name: one.address for one in candidates}
        evidence: list[str] = []
        for one in candidates:
            _go_on_unless(stop)
            name = f"{one.order.service.name} of {order.old.name}"
            outcome = self.smoke.run(one.order, one.address, addresses, order.smoke, order.log, one.place / "smoke")
            summary = hidden.hide(outcome.summary)
            if outcome.verdict is Verdict.PASSED:
                evidence.append(f"{name} was healthy {WHERE[order.on]}: {summary}.")
            elif outcome.verdict is Verdict.FAILED:
                return False, (*evidence, f"The smoke tests of {name} failed {WHERE[order.on]}: {summary}.")
            else:
                return None, (*evidence, f"The smoke tests of {name} could not be run: {summary}.")
        return True, tuple(evidence)

    def _not_healthy(self, one: Candidate, look: Look, order: WayBackOrder) -> str:
        name = f"{one.order.service.name} of {order.old.name}"
        words = last_line(self.logs.tail(_log(order.log, one.order)), "it said nothing")
        if one.process.alive():
            return f"{name} was not healthy {WHERE[order.on]} within {look.seconds:.1f} s: {look.judgement.wrong}."
        one.process.wait(EXIT_CODE_WITHIN)
        code = one.process.exit_code()
        how = "was killed" if code is None else f"ended with exit code {code}"
        return f"{name} {how} {WHERE[order.on]}, {look.seconds:.1f} s after its start: {shortened(words)}"


def _look(one: Candidate, stop: Cancelled) -> Look:
    question = Question(one.port, one.order.service.health, STAGING, one.order.revision.commit)
    ours, ended = lambda: one.process.owns_port(one.port), lambda: not one.process.alive()
    return readiness.wait(question, ours, ended, stop)


def _log(log: str, order: Order) -> str:
    return f"{log}/run-{order.service.name}"


def _go_on_unless(stop: Cancelled) -> None:
    if stop():
        raise Stopped("It was cancelled.")


def _refuse_elsewhere(order: WayBackOrder) -> None:
    for service in order.old.services:
        if (provider := service.target(STAGING).provider) != PROVIDER:
            raise Refused(f"{service.name} runs at {provider}: only services of this machine can be tried beside it.")
