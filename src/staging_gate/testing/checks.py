"""Fakes of what runs a project's own commands: its checks and its smoke tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from staging_gate.domain.check import Verdict
from staging_gate.domain.migration import Finding, MigrationReport
from staging_gate.domain.policy import CheckCommand
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Service
from staging_gate.ports.checks import Outcome
from staging_gate.ports.deploy_target import Cancelled, Order
from staging_gate.ports.errors import Refused, Stopped
from staging_gate.testing.faults import Fault, Faults
from staging_gate.testing.logs import MemoryLogs

SECONDS = 1.5


@dataclass
class FakeChecks:
    """Implements `ports.checks.CheckRunner`: everything passes, unless the next tree was told otherwise.

    `ran` has (tree, check) of every check, `passed` of those that did, `built` the trees, `proved`
    those whose migrations were proved, with production's tree then.
    """

    logs: MemoryLogs
    faults: Faults = field(default_factory=Faults)
    ran: list[tuple[str, str]] = field(default_factory=list)
    built: list[str] = field(default_factory=list)
    proved: list[tuple[str, str | None]] = field(default_factory=list)
    passed: list[tuple[str, str]] = field(default_factory=list)

    def next_build_fails(self, why: str) -> None:
        self._arm(Fault("prepare", error=Refused(why, "the build's last words")))

    def next_fails(self, check: str, summary: str) -> None:
        self._arm(Fault(check, answer=Outcome(Verdict.FAILED, summary, SECONDS)))

    def next_errors(self, check: str, summary: str) -> None:
        """Our machine breaks, once; run again, the check passes."""
        self._arm(Fault(check, answer=Outcome(Verdict.ERRORED, summary, SECONDS), once=True))

    def next_report(self, *findings: Finding, check: str = "db-migrations", service: str = "api") -> None:
        """What the next proof of migrations finds."""
        report = MigrationReport(service, findings, new=tuple(dict.fromkeys(finding.path for finding in findings)))
        verdict = Verdict.PASSED if report.passed else Verdict.FAILED
        self._arm(Fault(check, answer=Outcome(verdict, "proved", SECONDS, (report,))))

    def prepare(self, revision: Revision, services: tuple[Service, ...], log: str, cancelled: Cancelled) -> None:
        fault = self.faults.find("checks", revision.tree, "prepare")
        if fault and fault.error:
            raise fault.error
        _go_on_unless(cancelled)
        self.built.append(revision.tree)

    def run(
        self,
        revision: Revision,
        services: tuple[Service, ...],
        check: CheckCommand,
        log: str,
        cancelled: Cancelled,
    ) -> Outcome:
        _go_on_unless(cancelled)
        self.ran.append((revision.tree, check.name))
        fault = self.faults.find("checks", revision.tree, check.name)
        outcome = fault.answer if fault and fault.answer else Outcome(Verdict.PASSED, "31 passed", SECONDS)
        if outcome.verdict is Verdict.PASSED:
            self.passed.append((revision.tree, check.name))
        self.logs.append(log, f"{check.name}: {outcome.summary}\n")
        return outcome

    def prove_migrations(
        self,
        revision: Revision,
        production: Revision | None,
        services: tuple[Service, ...],
        check: CheckCommand,
        log: str,
        cancelled: Cancelled,
    ) -> Outcome:
        self.proved.append((revision.tree, production.tree if production else None))
        return self.run(revision, services, check, log, cancelled)

    def clean_up(self) -> None:
        """Nothing of a fake outlives it."""

    def copy(self, logs: MemoryLogs) -> "FakeChecks":
        ran, built, passed = [*self.ran], [*self.built], [*self.passed]
        return replace(
            self, logs=logs, faults=self.faults.copy(), ran=ran, built=built, passed=passed, proved=[*self.proved]
        )

    def _arm(self, fault: Fault) -> None:
        self.faults.arm("checks", fault)


@dataclass
class FakeSmoke:
    """Implements `ports.checks.SmokeTester`. `ran` has (deployment, service, `candidate` or `public`, names), `passed`
    the first three of those that did."""

    logs: MemoryLogs
    faults: Faults = field(default_factory=Faults)
    ran: list[tuple[str, str, str, tuple[str, ...]]] = field(default_factory=list)
    passed: list[tuple[str, str, str]] = field(default_factory=list)

    def run(
        self,
        order: Order,
        address: str,
        addresses: Mapping[str, str],
        names: tuple[str, ...],
        log: str,
    ) -> Outcome:
        where = "candidate" if "/smoke-candidate-" in log else "public"
        self.ran.append((order.deployment, order.service.name, where, names))
        fault = self.faults.find(order.environment, order.deployment, where, order.service.name)
        if fault and fault.error:
            raise fault.error
        outcome = fault.answer if fault and fault.answer else Outcome(Verdict.PASSED, "4 passed", SECONDS)
        if outcome.verdict is Verdict.PASSED:
            self.passed.append((order.deployment, order.service.name, where))
        self.logs.append(log, f"{outcome.summary}\n")
        return outcome

    def copy(self, logs: MemoryLogs) -> "FakeSmoke":
        return replace(self, logs=logs, faults=self.faults.copy(), ran=[*self.ran], passed=[*self.passed])


def _go_on_unless(cancelled: Cancelled) -> None:
    if cancelled():
        raise Stopped("It was stopped: nobody waits for it any more.")
