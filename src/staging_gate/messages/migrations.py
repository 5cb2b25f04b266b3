"""What the proof of migrations found, as people read it."""

from collections.abc import Iterator, Sequence

from staging_gate.domain.migration import Exemption, Finding, MigrationReport, Severity


def summary(reports: Sequence[MigrationReport]) -> str:
    """One sentence for the check: the first error, else what was tried."""
    errors = [finding for report in reports for finding in report.errors]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"{errors[0].place}: {errors[0].what}{more}"
    new = sum(len(report.new) for report in reports)
    said = [f"{new} new {'migration' if new == 1 else 'migrations'}, up, down and up again" if new else "none is new"]
    findings = [finding for report in reports for finding in report.findings]
    warnings = sum(finding.severity is Severity.WARNING and finding.exempted is None for finding in findings)
    if warnings:
        said.append(f"{warnings} {'warning' if warnings == 1 else 'warnings'}")
    if exempted := sum(finding.exempted is not None for finding in findings):
        said.append(f"{exempted} exempted")
    if any(_needs_window(finding) for finding in findings):
        said.append("production needs a maintenance window")
    if any(report.unknown for report in reports):
        said.append("not all could be tried")
    return "; ".join(said)


def text(report: MigrationReport) -> str:
    """The whole report, for the log of the check."""
    lines = [f"{head(report)}, in {report.seconds:.1f} s"]
    lines += [f"  new: {path}" for path in report.new] or ["  none is new"]
    lines += [f"  rows of {rows.table}: {rows.before:,} before, {rows.after:,} after" for rows in report.rows]
    lines += [line for finding in report.findings for line in _finding(finding)]
    lines += [f"  not known: {said}" for said in report.unknown]
    lines += [f"  {idle(exemption, report)}" for exemption in report.idle]
    if not report.findings:
        lines.append("  nothing found")
    return "\n".join(lines) + "\n"


def head(report: MigrationReport) -> str:
    since = ", ".join(report.since) if report.since else "nothing: production has no release yet"
    return f"migrations of {report.service}, from {since}"


def notes(finding: Finding) -> Iterator[str]:
    """What policy makes of a finding, where it makes something of it."""
    if finding.exempted is not None:
        until = f" until {finding.exempted.until}" if finding.exempted.until else ""
        yield f"exempted{until}: {finding.exempted.reason}"
    if finding.built_in is not None:
        changed = "lowered" if finding.is_lowered else "raised"
        yield f"{changed} by gate.yaml from {finding.built_in} to {finding.severity}"
    if _needs_window(finding):
        yield "production needs a maintenance window for it"


def idle(exemption: Exemption, report: MigrationReport) -> str:
    """Why an exemption exempts nothing."""
    what = f"the exemption from {exemption.rule} in {exemption.path} ({exemption.reason})"
    if exemption.until and report.judged_on and exemption.is_over(report.judged_on):
        return f"{what} ended on {exemption.until}: remove it from gate.yaml, or give it a new end"
    return f"{what} exempts nothing: remove it from gate.yaml, or correct its path"


def without_report(subject: str) -> str:
    return (
        f"Nothing is known about the migrations of {subject}: no check that `proves: migrations` has come to an end on "
        "this code."
    )


def _finding(finding: Finding) -> list[str]:
    said = [f"      {note}" for note in notes(finding)]
    return [f"  {finding}", *said, f"      {finding.why}", f"      -> {finding.instead}"]


def _needs_window(finding: Finding) -> bool:
    return finding.is_heavy and finding.exempted is None
