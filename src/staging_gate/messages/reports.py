"""The draft of an incident report, written from the record."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from staging_gate.domain.audit import AuditEntry
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.followup import FollowUp
from staging_gate.domain.incident import Incident
from staging_gate.domain.release import Hold, Quarantine
from staging_gate.messages import deployments, incidents

TO_WRITE = {
    "Impact": "Who was hit, how many, and what could they not do?",
    "Root cause": "What was wrong, and why did neither the checks nor staging show it?",
    "What went well, and what did not": "Was it seen quickly? Did everybody know what to do?",
    "What changes": "Each with an owner and a date.",
}


@dataclass(frozen=True)
class Story:
    """What is known. `broken` is the deployment at fault, `back` the rollbacks of it, oldest first; `entries` are those
    of the record that are about any of it, in order."""

    subject: str
    broken: Deployment | None
    back: tuple[Deployment, ...]
    incidents: tuple[Incident, ...]
    quarantines: tuple[Quarantine, ...]
    holds: tuple[Hold, ...]
    followups: tuple[FollowUp, ...]
    entries: tuple[AuditEntry, ...]


def report(story: Story) -> str:
    """Markdown."""
    parts = [f"# Incident report (draft): {_title(story)}", _figures(story), _why(story), _timeline(story.entries)]
    parts += [_evidence(one) for one in (story.broken, *story.back) if one is not None and one.evidence]
    parts += [_open_ends(story)]
    parts += [f"## {heading}\n\n_To be written: {question}_" for heading, question in TO_WRITE.items()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(story: Story) -> str:
    if story.broken is not None and story.back:
        return f"{deployments.name(story.broken)} was taken back to {deployments.name(story.back[-1])}"
    if story.broken is not None:
        return f"{deployments.name(story.broken)} ({story.broken.id})"
    return _plain(story.incidents[0].title) if story.incidents else story.subject


def _figures(story: Story) -> str:
    rows = [row for one in story.incidents for row in _of_incident(one)]
    broken, done = story.broken, next((one for one in story.back if one.state == "succeeded"), None)
    if broken is not None:
        rows.append(("at fault", f"{deployments.name(broken)}, {broken.id}, asked for by {broken.requested_by}"))
    if broken is not None and broken.switched_at is not None:
        rows.append(("received the traffic from", f"{broken.switched_at:%Y-%m-%d %H:%M:%S} UTC"))
    if broken is not None and broken.switched_at is not None and done is not None and done.ended_at is not None:
        seconds = (done.ended_at - broken.switched_at).total_seconds()
        rows.append(("until the release before was back and proved", f"{seconds:.1f} s"))
    for one in story.back:
        took = f", {(one.ended_at - one.requested_at).total_seconds():.1f} s" if one.ended_at else ""
        rows.append((f"rollback {one.id}", f"to {deployments.name(one)} by {one.requested_by}: {one.state}{took}"))
        if one.logs_found:
            rows.append(("logs of its first minutes", one.logs_found))
    return "\n".join(["| | |", "|---|---|", *(f"| {_cell(name)} | {_cell(said)} |" for name, said in rows)])


def _of_incident(one: Incident) -> list[tuple[str, str]]:
    end = f"resolved by {one.resolved_by} at {one.resolved_at:%Y-%m-%d %H:%M} UTC" if one.resolved_at else "open"
    return [("incident", f"{incidents.line(one)}, {one.opened_at:%Y-%m-%d %H:%M} UTC; {end}")]


def _why(story: Story) -> str:
    said = [f"- {one.id}: {one.failure}" for one in (story.broken, *story.back) if one is not None and one.failure]
    said += [f"- {one.id}: {one.why}" for one in story.back]
    said += [f"- incident {one.id}, how it ended: {one.resolution}" for one in story.incidents if one.resolution]
    return "\n".join(["## Why", "", *(_plain(line) for line in said)]) if said else ""


def _timeline(entries: Sequence[AuditEntry]) -> str:
    if not entries:
        return ""
    lines = ["## Timeline (UTC)", "", "| when | who | what | about | why |", "|---|---|---|---|---|"]
    for entry in entries:
        cells = (f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.action, entry.subject, entry.reason)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _evidence(one: Deployment) -> str:
    runs = [len(run) for run in re.findall(r"`{3,}", one.evidence)]
    fence = "`" * (max(runs, default=2) + 1)
    return f"## Evidence of {one.id}\n\n{fence}\n{one.evidence.strip()}\n{fence}"


def _open_ends(story: Story) -> str:
    lines = [f"- [ ] quarantine of {q.tag} by {q.by}: {q.reason}" for q in story.quarantines]
    lines += [f"- [ ] {hold.id} on {hold.environment} by {hold.by}: {hold.reason}" for hold in story.holds]
    lines += [
        f"- [{' ' if one.is_open else 'x'}] {one.title} ({one.owner}, due {one.due_at:%Y-%m-%d})"
        for one in story.followups
    ]
    return "\n".join(["## Still open, and done since", "", *(_plain(line) for line in lines)]) if lines else ""


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """One line, in which nothing of others is taken for markup."""
    return " ".join(text.split()).replace("<", "&lt;")
