"""What the proof of migrations found about a change or a release."""

import re
from dataclasses import dataclass

from staging_gate.domain.check import Check
from staging_gate.domain.gate.rules.migrations_proved import CHECK
from staging_gate.domain.migration import MigrationReport
from staging_gate.messages import migrations as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import changes, releasing
from staging_gate.runbook.changes import Unusable


@dataclass(frozen=True)
class ShownReport:
    """`said` is what policy makes of each finding, in the order of the report's; `idle` why exemptions exempt nothing.
    `head` says which migrations it is about."""

    report: MigrationReport
    head: str
    said: tuple[tuple[str, ...], ...]
    idle: tuple[str, ...]


@dataclass(frozen=True)
class MigrationsView:
    """`subject` is `change 7` or a tag. `check` is the result that the reports led to. `said` tells where nothing is
    known."""

    subject: str
    tree: str
    check: Check | None
    reports: tuple[ShownReport, ...]
    said: str


def view(ports: Ports, subject: str) -> MigrationsView:
    """Raises Unknown; Unusable for what is neither a change's number nor a tag."""
    name, tree = _tree(ports, subject)
    with ports.store.reading() as tx:
        check = next((check for check in tx.checks.of_tree(tree) if check.name == CHECK), None)
        reports = of_tree(tx, tree)
    return MigrationsView(name, tree, check, reports, "" if reports else words.without_report(name))


def of_tree(tx: Transaction, tree: str | None) -> tuple[ShownReport, ...]:
    """By service; none where nothing was proved about this tree."""
    return tuple(_shown(report) for report in tx.migration_reports.of_tree(tree)) if tree else ()


def _shown(report: MigrationReport) -> ShownReport:
    return ShownReport(
        report=report,
        head=words.head(report),
        said=tuple(tuple(words.notes(finding)) for finding in report.findings),
        idle=tuple(words.idle(exemption, report) for exemption in report.idle),
    )


def _tree(ports: Ports, subject: str) -> tuple[str, str]:
    if re.fullmatch(r"#?\d{1,9}", subject):
        return _of_change(ports, int(subject.lstrip("#")))
    if not subject.startswith("v"):
        raise Unusable(f"{subject!r} is neither a change nor a release: wanted one such as 12 or v1.4.0.")
    release = releasing.get(ports, subject)
    if release.revision is not None:
        return release.tag, release.revision.tree
    return release.tag, _of_change(ports, release.change)[1] if release.change else ""


def _of_change(ports: Ports, number: int) -> tuple[str, str]:
    change = changes.get(ports, number)
    merged = change.merged.tree if change.merged else None
    return f"change {number}", merged or change.mergeable_tree() or ""
