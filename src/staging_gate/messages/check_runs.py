"""A decision as a check on a pull request: a title of one line, and a summary in Markdown."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from staging_gate.domain.calendar import spoken
from staging_gate.domain.gate import Caution, Decision, Reason
from staging_gate.domain.migration import MigrationReport
from staging_gate.messages import migrations
from staging_gate.messages.decisions import headline

LONGEST_TITLE, LONGEST_SUMMARY = 140, 65_535
"""What code hosts take; more is refused as a whole."""

_COMMAND = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~!]|@(?=\w)")


def title(decision: Decision) -> str:
    """The one reason, or how many there are."""
    return _cut(decision.reasons[0].sentence if len(decision.reasons) == 1 else _headline(decision), LONGEST_TITLE)


def summary(
    decision: Decision, zone: str = "UTC", place: str = "", address: str = "", proved: Sequence[MigrationReport] = ()
) -> str:
    """`place` says where it waits in a queue, `address` is that of its page; both may be unknown. `proved` is what was
    found about its migrations. What people wrote comes out as they wrote it: it formats nothing and calls nobody."""
    parts = [f"**{_plain(_headline(decision))}**", *(_reason(reason, zone) for reason in decision.reasons)]
    parts += [
        f"- Let pass by {_plain(passed.bypass.by)}: {_plain(passed.reason.sentence)} ({_plain(passed.bypass.reason)})"
        for passed in decision.bypassed
    ]
    parts += [_warning(warning) for warning in decision.warnings]
    parts += [_migrations(report) for report in proved]
    parts += [_plain(place)] if place else []
    parts += [f"[All of it]({address})"] if address else []
    return _cut("\n\n".join(parts) + "\n", LONGEST_SUMMARY)


def _headline(decision: Decision) -> str:
    return headline(decision.action, decision.actor, len(decision.reasons), len(decision.bypassed))


def _reason(reason: Reason, zone: str) -> str:
    lines = [f"- **{_plain(reason.sentence)}** (`{reason.code}`)", *_evidence(reason.evidence)]
    if reason.until is not None:
        lines.append(f"  - until {spoken(reason.until, ZoneInfo(zone))}")
    if reason.bypass:
        lines.append(f"  - may be bypassed by {_plain(', '.join(reason.bypass))}")
    return "\n".join([*lines, f"  - what opens it: {_plain(reason.opens_when)}"])


def _warning(warning: Caution) -> str:
    first = f"- Warning: {_plain(warning.sentence)} (`{warning.code}`)"
    return "\n".join([first, *_evidence(warning.evidence), f"  - {_plain(warning.advice)}"])


def _migrations(report: MigrationReport) -> str:
    lines = [f"**{_plain(migrations.head(report))}**"]
    for finding in report.findings:
        lines.append(f"- {finding.severity}: {_plain(finding.what)} (`{finding.code}`) in {_plain(finding.place)}")
        lines += _evidence((*migrations.notes(finding), finding.why, finding.instead))
    lines += [f"- not known: {_plain(said)}" for said in report.unknown]
    lines += [f"- {_plain(migrations.idle(exemption, report))}" for exemption in report.idle]
    return "\n".join(lines if len(lines) > 1 else [*lines, "- nothing found"])


def _evidence(evidence: Sequence[str]) -> list[str]:
    return [f"  - {_plain(line)}" for line in evidence]


def _plain(text: str) -> str:
    """One line in which only `commands` are formatted, and nothing inside of them."""
    parts = _COMMAND.split(" ".join(text.split()))
    return "".join(part if _COMMAND.fullmatch(part) else _SPECIAL.sub(_escaped, part) for part in parts)


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0] if found[0] != "@" else "@\u200b"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
