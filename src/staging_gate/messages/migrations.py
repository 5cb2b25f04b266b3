"""What the proof of migrations found, as people read it."""

from collections.abc import Sequence

from staging_gate.domain.migration import Finding, MigrationReport, Severity


def summary(reports: Sequence[MigrationReport]) -> str:
    """One sentence for the check: the first error, else what was tried."""
    findings = [finding for report in reports for finding in report.findings]
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"{errors[0].place}: {errors[0].what}{more}"
    new = sum(len(report.new) for report in reports)
    said = [f"{new} new {'migration' if new == 1 else 'migrations'}, up, down and up again" if new else "none is new"]
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    if warnings:
        said.append(f"{warnings} {'warning' if warnings == 1 else 'warnings'}")
    if any(report.unknown for report in reports):
        said.append("not all could be tried")
    return "; ".join(said)


def text(report: MigrationReport) -> str:
    """The whole report, for the log of the check."""
    since = ", ".join(report.since) if report.since else "nothing: production has no release yet"
    lines = [f"migrations of {report.service}, from {since}, in {report.seconds:.1f} s"]
    lines += [f"  new: {path}" for path in report.new] or ["  none is new"]
    lines += [f"  rows of {rows.table}: {rows.before:,} before, {rows.after:,} after" for rows in report.rows]
    lines += [line for finding in report.findings for line in _finding(finding)]
    lines += [f"  not known: {said}" for said in report.unknown]
    if not report.findings:
        lines.append("  nothing found")
    return "\n".join(lines) + "\n"


def _finding(finding: Finding) -> list[str]:
    return [f"  {finding}", f"      {finding.why}", f"      -> {finding.instead}"]
