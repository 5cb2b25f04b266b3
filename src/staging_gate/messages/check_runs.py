"""A decision as a check on a pull request: a title of one line, and a summary in Markdown."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from staging_gate.domain.calendar import spoken
from staging_gate.domain.gate import Caution, Decision, Reason
from staging_gate.domain.migration import MigrationReport
from staging_gate.messages import migrations
from staging_gate.messages.decisions import headline
from staging_gate.messages.markdown import cut, plain

LONGEST_TITLE = 140


def title(decision: Decision) -> str:
    """The one reason, or how many there are."""
    return cut(decision.reasons[0].sentence if len(decision.reasons) == 1 else _headline(decision), LONGEST_TITLE)


def summary(
    decision: Decision, zone: str = "UTC", place: str = "", address: str = "", proved: Sequence[MigrationReport] = ()
) -> str:
    """`place` says where it waits in a queue, `address` is that of its page; both may be unknown. `proved` is what was
    found about its migrations. What people wrote comes out as they wrote it: it formats nothing and calls nobody."""
    parts = [f"**{plain(_headline(decision))}**", *(_reason(reason, zone) for reason in decision.reasons)]
    parts += [
        f"- Let pass by {plain(passed.bypass.by)}: {plain(passed.reason.sentence)} ({plain(passed.bypass.reason)})"
        for passed in decision.bypassed
    ]
    parts += [_warning(warning) for warning in decision.warnings]
    parts += [_migrations(report) for report in proved]
    parts += [plain(place)] if place else []
    parts += [f"[All of it]({address})"] if address else []
    return cut("\n\n".join(parts) + "\n")


def _headline(decision: Decision) -> str:
    return headline(decision.action, decision.actor, len(decision.reasons), len(decision.bypassed))


def _reason(reason: Reason, zone: str) -> str:
    lines = [f"- **{plain(reason.sentence)}** (`{reason.code}`)", *_evidence(reason.evidence)]
    if reason.until is not None:
        lines.append(f"  - until {spoken(reason.until, ZoneInfo(zone))}")
    if reason.bypass:
        lines.append(f"  - may be bypassed by {plain(', '.join(reason.bypass))}")
    return "\n".join([*lines, f"  - what opens it: {plain(reason.opens_when)}"])


def _warning(warning: Caution) -> str:
    first = f"- Warning: {plain(warning.sentence)} (`{warning.code}`)"
    return "\n".join([first, *_evidence(warning.evidence), f"  - {plain(warning.advice)}"])


def _migrations(report: MigrationReport) -> str:
    lines = [f"**{plain(migrations.head(report))}**"]
    for finding in report.findings:
        lines.append(f"- {finding.severity}: {plain(finding.what)} (`{finding.code}`) in {plain(finding.place)}")
        lines += _evidence((*migrations.notes(finding), finding.why, finding.instead))
    lines += [f"- not known: {plain(said)}" for said in report.unknown]
    lines += [f"- {plain(migrations.idle(exemption, report))}" for exemption in report.idle]
    return "\n".join(lines if len(lines) > 1 else [*lines, "- nothing found"])


def _evidence(evidence: Sequence[str]) -> list[str]:
    return [f"  - {plain(line)}" for line in evidence]
