"""What policy makes of the reports about migrations: its severities and exemptions, on the day of the check."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from staging_gate.domain.calendar.local_time import day_of
from staging_gate.domain.check import Verdict
from staging_gate.domain.migration import MigrationReport, judge
from staging_gate.domain.policy import CheckCommand, Policy
from staging_gate.messages import migrations as words
from staging_gate.ports import Ports
from staging_gate.ports.checks import Outcome
from staging_gate.ports.store import Transaction
from staging_gate.runbook.policy import needed_policy


def by_policy(ports: Ports, check: CheckCommand, proved: Outcome, log: str) -> Outcome:
    """The outcome of a proof by the rules in force; its whole report goes to `log`."""
    if not proved.reports:
        return proved
    day = day_of(ports.clock.now(), needed_policy(ports).calendar.time_zone)
    reports = judge(proved.reports, check.proof, day)
    for report in reports:
        ports.logs.append(log, words.text(report))
    verdict = Verdict.PASSED if all(report.passed for report in reports) else Verdict.FAILED
    return replace(proved, verdict=verdict, summary=words.summary(reports), reports=reports)


def lapsed(tx: Transaction, policy: Policy, tree: str) -> bool:
    """Whether an exemption that let this tree pass is over."""
    day = day_of(tx.at, policy.calendar.time_zone)
    return any(report.lapsed(day) for report in tx.migration_reports.of_tree(tree))


def exemptions(reports: Sequence[MigrationReport]) -> dict[str, Any]:
    """What goes on the record of a check besides its verdict: everything that did not count, and whose word it was."""
    found = [
        {
            "rule": finding.code,
            "place": finding.place,
            "reason": finding.exempted.reason,
            "until": finding.exempted.until.isoformat() if finding.exempted.until else None,
        }
        for report in reports
        for finding in report.exempted
        if finding.exempted
    ]
    return {"exempted": found} if found else {}
