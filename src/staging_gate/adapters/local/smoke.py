"""Smoke tests: the service's own command, asked to prove one address."""

from collections.abc import Mapping
from pathlib import Path

from staging_gate.adapters.local.builds import Build, Builds
from staging_gate.adapters.local.commands import Command, Commands, ending, first_failure, last_line
from staging_gate.adapters.local.launching import known_values, path_of, program, resolved_environ
from staging_gate.adapters.local.layout import Layout, a_name
from staging_gate.adapters.local.secrets import Resolved, resolve
from staging_gate.domain.check import Verdict
from staging_gate.ports.checks import Outcome
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import OutsideError
from staging_gate.ports.logs import Logs
from staging_gate.wire.commands import Account, Finished


class LocalSmoke:
    """Implements `ports.checks.SmokeTester`. The command runs in the service's build, with the service's environment.

    It gets `URL`, `URL_<SERVICE>` of each sister service, and `SMOKE_TESTS`: names with commas between, or nothing.
    """

    def __init__(self, layout: Layout, builds: Builds, logs: Logs, account: Account | None) -> None:
        self._layout = layout
        self._builds = builds
        self._logs = logs
        self._commands = Commands(logs, account)

    def run(
        self,
        order: Order,
        address: str,
        addresses: Mapping[str, str],
        names: tuple[str, ...],
        log: str,
        home: Path | None = None,
    ) -> Outcome:
        """As the port says. `home` is the folder that the command gets, which is made and removed; one is chosen for
        it, if none is given."""
        if not order.service.smoke:
            return Outcome(Verdict.PASSED, f"{order.service.name} has no smoke tests", 0.0)
        try:
            told = {"URL": address, "SMOKE_TESTS": ",".join(names), **_sisters(addresses)}
            command = self._command(order, told, log, home or self._home(order))
            self._logs.append(log, f"$ {' '.join(order.service.smoke)}\n")
            return _outcome(order, self._commands.run(command))
        except OutsideError as error:
            return Outcome(Verdict.ERRORED, error.message, 0.0)

    def _home(self, order: Order) -> Path:
        return self._layout.scratch / f"smoke-{a_name(order.deployment)}-{a_name(order.service.name)}"

    def _command(self, order: Order, told: dict[str, str], log: str, home: Path) -> Command:
        build = self._build(order, log)
        values = {**known_values(order), **told}
        resolved = resolved_environ(order, build, home, known_values(order))
        argv = program(order.service.smoke, build.path, path_of(build), values, f"services.{order.service.name}.smoke")
        besides = resolve(order.target.for_smoke)
        known = {**resolved.environ, **besides.environ, **told}
        environ = Resolved(known, (*resolved.secrets, *besides.secrets))
        return Command(argv, build.path, home, environ, order.service.smoke_within, log)

    def _build(self, order: Order, log: str) -> Build:
        """What a provider has built is there: the command needs one here, which is made for the first of its tests."""
        if order.target.provider == "local":
            return self._builds.find(order.revision.tree, order.service)
        return self._builds.ensure(order.revision, order.service, log, lambda: False)


def _sisters(addresses: Mapping[str, str]) -> dict[str, str]:
    return {f"URL_{name.upper().replace('-', '_')}": address for name, address in addresses.items()}


def _outcome(order: Order, finished: Finished) -> Outcome:
    if finished.ok:
        otherwise = f"the smoke tests of {order.service.name} passed"
        return Outcome(Verdict.PASSED, last_line(finished.tail, otherwise), finished.seconds)
    how = f"their command {ending(finished, order.service.smoke_within)}"
    said = first_failure(finished.tail) or last_line(finished.tail, "")
    verdict = Verdict.ERRORED if finished.code is None else Verdict.FAILED
    return Outcome(verdict, f"{how}: {said}" if said else how, finished.seconds)
