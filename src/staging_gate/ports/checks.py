"""Running a project's own commands on its code: checks and smoke tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from staging_gate.domain.check import Verdict
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.policy import CheckCommand
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Service
from staging_gate.ports.deploy_target import Cancelled, Order


@dataclass(frozen=True)
class Outcome:
    """What a command said. errored: it could not be run, or its time was up; never the code's own no.

    `reports` are what a proof of migrations found, one for each service that has some.
    """

    verdict: Verdict
    summary: str
    seconds: float
    reports: tuple[MigrationReport, ...] = ()


class CheckRunner(Protocol):
    def prepare(
        self,
        revision: Revision,
        services: tuple[Service, ...],
        log: str,
        cancelled: Cancelled,
    ) -> None:
        """Build what the checks run in: the same build that is deployed later. Refused where the build fails."""
        ...

    def run(
        self,
        revision: Revision,
        services: tuple[Service, ...],
        check: CheckCommand,
        log: str,
        cancelled: Cancelled,
    ) -> Outcome:
        """Run one check in a clean copy of the tree, with its time limit; output goes to `log` as it comes."""
        ...

    def prove_migrations(
        self,
        revision: Revision,
        production: Revision | None,
        services: tuple[Service, ...],
        check: CheckCommand,
        log: str,
        cancelled: Cancelled,
    ) -> Outcome:
        """Try the migrations that come after those of `production` on clones; what the programs say goes to `log`.

        Where it came to an end, `Outcome.reports` has what was found, and the verdict is that without policy's say.
        """
        ...

    def clean_up(self) -> None:
        """Remove what checks that were killed have left: folders, clones of databases, their servers. It looks only
        now and then, however often it is called. Raises Unavailable where something can not be looked at now."""
        ...


class SmokeTester(Protocol):
    def run(
        self,
        order: Order,
        address: str,
        addresses: Mapping[str, str],
        names: tuple[str, ...],
        log: str,
    ) -> Outcome:
        """Run the service's smoke tests against `address` (`addresses` of the sister services by name).

        `names` picks tests by name, all without. A service without a smoke command passes by saying so.
        """
        ...
