"""Checks: policy's commands in a clean copy of the same build that is deployed later."""

import hashlib
import logging
from pathlib import Path

from staging_gate.adapters.local.builds import Build, Builds
from staging_gate.adapters.local.commands import Command, Commands, ending, last_line
from staging_gate.adapters.local.environ import tool_environ
from staging_gate.adapters.local.launching import program
from staging_gate.adapters.local.layout import Layout, make_folder
from staging_gate.adapters.local.recipes import BuildFailed
from staging_gate.adapters.local.scratch import HOME, Scratch
from staging_gate.adapters.local.secrets import Resolved, resolve
from staging_gate.adapters.local.site import LocalSite
from staging_gate.adapters.local.waiting import Limit
from staging_gate.domain.check import Verdict
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.policy import CheckCommand
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Service
from staging_gate.messages import migrations as words
from staging_gate.ports.checks import Outcome
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import OutsideError, Refused, Stopped
from staging_gate.ports.logs import Logs
from staging_gate.ports.schema_tool import MigrationProver
from staging_gate.wire.commands import Account, Finished

log = logging.getLogger(__name__)

LOOK_EVERY = 600.0
"""Seconds between two looks for what was left by the killed."""

SUPERSEDED = "cancelled: a newer push superseded it"


class LocalChecks:
    """Implements `ports.checks.CheckRunner`. `account` is whom checks run as; None is ourselves."""

    def __init__(
        self, layout: Layout, builds: Builds, logs: Logs, account: Account | None, prover: MigrationProver | None = None
    ) -> None:
        self._builds = builds
        self._scratch = Scratch(layout, builds, account)
        self._commands = Commands(logs, account)
        self._account = account
        self._logs = logs
        self._prover = prover
        self._next_look = Limit(0)

    def prepare(self, revision: Revision, services: tuple[Service, ...], log: str, cancelled: Cancelled) -> None:
        for service in services:
            self._builds.ensure(revision, service, log, cancelled)

    def run(
        self,
        revision: Revision,
        services: tuple[Service, ...],
        check: CheckCommand,
        log: str,
        cancelled: Cancelled,
    ) -> Outcome:
        if not services:
            return Outcome(Verdict.ERRORED, "gate.yaml names no services, so there is no build to check.", 0.0)
        limit = Limit()
        name = hashlib.sha256(f"{revision.tree}\0{check.name}".encode()).hexdigest()[:16]
        try:
            with self._scratch.folder(name, cancelled) as folder:
                builds = [self._builds.ensure(revision, service, log, cancelled) for service in services]
                return _outcome(check, self._run(folder, builds, check, log, cancelled))
        except Stopped:
            return Outcome(Verdict.ERRORED, SUPERSEDED, limit.spent)
        except BuildFailed as error:
            return Outcome(Verdict.FAILED, error.message, limit.spent)
        except OutsideError as error:
            return Outcome(Verdict.ERRORED, error.message, limit.spent)

    def prove_migrations(
        self,
        revision: Revision,
        production: Revision | None,
        services: tuple[Service, ...],
        check: CheckCommand,
        log: str,
        cancelled: Cancelled,
    ) -> Outcome:
        within = check.within.total_seconds()
        limit = Limit(within)
        name = hashlib.sha256(f"{revision.tree}\0{check.name}".encode()).hexdigest()[:16]
        with_schema = [service for service in services if service.schema]
        if self._prover is None or not with_schema:
            return Outcome(Verdict.PASSED, "no service has a schema", limit.spent)
        try:
            stop = lambda: limit.over or cancelled()  # noqa: E731
            with self._scratch.folder(name, stop) as folder:
                reports = [
                    self._prove(self._prover, folder / service.name, revision, production, service, within, log, stop)
                    for service in with_schema
                ]
        except Stopped:
            return Outcome(Verdict.ERRORED, _too_late(check) if limit.over else SUPERSEDED, limit.spent)
        except BuildFailed as error:
            return Outcome(Verdict.FAILED, error.message, limit.spent)
        except OutsideError as error:
            self._logs.append(log, f"{error.message}\n{error.evidence}\n")
            verdict = Verdict.FAILED if isinstance(error, Refused) else Verdict.ERRORED
            return Outcome(verdict, error.message, limit.spent)
        verdict = Verdict.PASSED if all(report.passed for report in reports) else Verdict.FAILED
        return Outcome(verdict, words.summary(reports), limit.spent, tuple(reports))

    def clean_up(self) -> None:
        if not self._next_look.over:
            return
        self._next_look = Limit(LOOK_EVERY)
        self._scratch.sweep()
        for name in self._prover.sweep() if self._prover else ():
            log.info("removed what a proof that was killed had left: %s", name)

    def _prove(
        self,
        prover: MigrationProver,
        folder: Path,
        revision: Revision,
        production: Revision | None,
        service: Service,
        within: float,
        log: str,
        cancelled: Cancelled,
    ) -> MigrationReport:
        assert service.schema
        site = self._site(folder, revision, service, log, cancelled)
        before = self._site(folder / "production", production, service, log, cancelled) if production else None
        return prover.prove(service.name, service.schema, site, before, site.database, within)

    def _site(self, folder: Path, revision: Revision, service: Service, log: str, cancelled: Cancelled) -> LocalSite:
        build = self._builds.ensure(revision, service, log, cancelled)
        copy = self._scratch.copy(build, make_folder(folder) / "tree")
        return LocalSite(copy, build, folder, service, self._logs, log, self._account, cancelled)

    def _run(self, folder: Path, builds: list[Build], check: CheckCommand, log: str, cancelled: Cancelled) -> Finished:
        home = folder / HOME
        path = ":".join(dict.fromkeys([*(str(build.programs) for build in builds), tool_environ(home)["PATH"]]))
        secrets = resolve(check.environ)
        environ = Resolved({**tool_environ(home, path), "CI": "true", **secrets.environ}, secrets.secrets)
        copy = self._scratch.copy(builds[0], folder / "tree")
        argv = program(check.command, copy, path, {}, f"checks.{check.name}")
        return self._commands.run(Command(argv, copy, home, environ, check.within, log), cancelled)


def _too_late(check: CheckCommand) -> str:
    return (
        f"{check.name} was not done within {check.within.total_seconds():g} s: give it more time in gate.yaml "
        "(`within`), or fewer rows."
    )


def _outcome(check: CheckCommand, finished: Finished) -> Outcome:
    if finished.stopped == "cancelled":
        return Outcome(Verdict.ERRORED, SUPERSEDED, finished.seconds)
    if finished.ok:
        return Outcome(Verdict.PASSED, last_line(finished.tail, f"{check.name} passed"), finished.seconds)
    how = f"{check.name} {ending(finished, check.within)}"
    said = last_line(finished.tail, "")
    verdict = Verdict.ERRORED if finished.code is None else Verdict.FAILED
    return Outcome(verdict, f"{how}: {said}" if said else how, finished.seconds)
