"""What answers look like: in a terminal with colours and wrapped at words, in a pipe one whole line for each thing."""

import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from staging_gate.cli.visible import escape
from staging_gate.messages import steps

MARKS = {
    "passed": "[green]✓[/]",
    "failed": "[red]✗[/]",
    "errored": "[magenta]![/]",
    "missing": "[dim]·[/]",
    "pending": "[yellow]…[/]",
    "skipped": "[dim]-[/]",
    "finished": "[green]✓[/]",
    "running": "[yellow]▸[/]",
}
STATES = {
    "succeeded": "green",
    "verified": "green",
    "merged": "green",
    "running": "yellow",
    "verifying": "yellow",
    "queued": "yellow",
    "open": "yellow",
    "failed": "red",
    "rolled_back": "red",
    "errored": "magenta",
}


def console() -> Console:
    """Wraps at words in a terminal; a pipe gets whole lines."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def width() -> int:
    return Console().width if sys.stdout.isatty() else 10_000


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], none: str) -> None:
    """Rows in columns, of which the last may be a sentence; `none` where there are no rows."""
    if not rows:
        return print(none)
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in (columns, *cells)) for i in range(len(columns) - 1)]
    left = sum(widths) + 2 * len(widths)

    def padded(row: Sequence[str]) -> str:
        return "".join(f"{cell:<{wide}}  " for cell, wide in zip(row, widths, strict=False))

    console().print(escape((padded(columns) + columns[-1]).rstrip()), style="dim")
    for row in cells:
        first, *more = _wrapped(row[-1], left)
        print("\n".join([(padded(row) + first).rstrip(), *(" " * left + part for part in more)]))


def indented(text: str, by: int = 2, style: str = "") -> None:
    """A paragraph; in a terminal its lines are wrapped and begin below each other."""
    for line in text.splitlines():
        for part in _wrapped(line, by):
            console().print(" " * by + escape(part), style=style or None)


def shortened(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 0)] + "…"


def state(word: str) -> str:
    return f"[{STATES.get(word, 'dim')}]{word.replace('_', ' ')}[/]"


def decision(decided: dict[str, Any], err: bool = False) -> None:
    """As messages.decisions says it, from its JSON."""
    from staging_gate.messages import decisions

    for line in decisions.lines_of(decided):
        text = line.lstrip(" ->")
        mark = line[: len(line) - len(text)]
        first, *more = _wrapped(text, len(mark))
        click.echo("\n".join([mark + first, *(" " * len(mark) + part for part in more)]), err=err)


def warning(said: dict[str, Any]) -> None:
    """What closes nothing, and should be known before one acts."""
    console().print(f"[yellow]![/] {escape(said['sentence'])}")
    for line in said["evidence"]:
        indented(line, 4, "dim")
    indented(said["advice"], 4)


def _merged(view: dict[str, Any]) -> None:
    if view["merged"]:
        console().print(f"merged {escape(view['merged'])}", style="dim")
    if view["behind_our_back"]:
        console().print(f"[yellow]merged behind our back[/]  {escape(view['behind_our_back'])}")


def change(view: dict[str, Any]) -> None:
    out, c = console(), view["change"]
    out.print(f"[bold]Change {c['number']}[/]  {escape(c['title'])}  {state(c['state'])}")
    out.print(f"{escape(c['source'])} -> {escape(c['target'])} by {escape(c['author'])}", style="dim")
    _merged(view)
    if view["hotfix"]:
        from staging_gate.cli import hotfixes

        hotfixes.details(view["hotfix"], 0)
    if c["labels"]:
        out.print("labels: " + escape(", ".join(c["labels"])))
    for commit in view["commits"][:20]:
        out.print(f"  {commit['id'][:10]} {escape(commit['subject'])}", style="dim")
    if len(view["commits"]) > 20:
        out.print(f"  and {len(view['commits']) - 20} more commits", style="dim")
    for check in view["checks"]:
        out.print(check_line(check))
    if any(each["report"]["findings"] for each in view["migrations"]):
        indented(f"what was found about its migrations: `gate migrations {c['number']}`", 4, "dim")
    for shown in view["approvals"]:
        given = shown["approval"]
        mark = MARKS["passed"] if shown["counts"] else MARKS["skipped"]
        why = f", does not count: {shown['why_not']}" if shown["why_not"] else ""
        where = f" ({given['source']})" if given["source"] else ""
        out.print(f"  {mark} {escape(given['by'])} approved as {escape(given['role'])}{escape(where + why)}")
    if view["pull_request"]:
        from staging_gate.cli import pull_requests

        pull_requests.details(view["pull_request"])
    for said in view["waits"]:
        out.print(f"  {MARKS['missing']} {escape(said)}")
    for word in view["tested"]:
        note = f": {word['note']}" if word["note"] else ""
        out.print(f"  {MARKS['passed']} tried in staging by {escape(word['by'])}{escape(note)}")
    bypasses(view["bypasses"])
    if view["decision"]:
        decision(view["decision"])
    for id in view["deployments"]:
        out.print(f"deployed by {id}: `gate deployment show {id}`")


def bypasses(given: Sequence[dict[str, Any]]) -> None:
    for one in given:
        console().print(f"[bold yellow]bypass[/]  {escape(one['said'])}  [dim]{one['bypass']['id']}[/]")


def check_line(check: dict[str, Any]) -> str:
    took = f" [dim]{check['seconds']:.1f} s[/]" if check["seconds"] else ""
    return f"  {MARKS[check['verdict']]} {escape(check['name'])}{took}: {escape(check['summary'])}"


def step_line(step: dict[str, Any]) -> str:
    """One line, in a terminal not longer than that is wide."""
    again = f" (attempt {step['attempt']})" if step["attempt"] > 1 else ""
    took = f"{seconds_between(step['started_at'], step['ended_at']):.2f} s" if step["ended_at"] else ""
    outcome = escape(shortened(steps.outcome(step["outcome"]), min(width() - 57, 160)))
    line = f"  {MARKS.get(step['state'], '?')} {escape(step['name'] + again):<40} [dim]{took:>8}  {outcome}"
    return line.rstrip() + "[/]"


def seconds_between(start: str, end: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def deployment(timeline: dict[str, Any]) -> None:
    out = console()
    deployment_head(timeline["deployment"], timeline["live"])
    bypasses(timeline["bypasses"])
    if timeline["ahead"]:
        out.print("waits for " + ", ".join(timeline["ahead"]))
    if timeline["silence"]:
        out.print(f"[yellow]nobody can tell what it does[/]  {escape(timeline['silence'])}")
    for step in timeline["steps"]:
        out.print(step_line(step))
    deployment_end(timeline)


def deployment_head(d: dict[str, Any], live: bool) -> None:
    tail = "  [bold green]live[/]" if live else ""
    console().print(f"[bold]{d['id']}[/]  {escape(what(d))}  {state(d['state'])}{tail}  [dim]{escape(d['why'])}[/]")


def deployment_end(timeline: dict[str, Any]) -> None:
    d = timeline["deployment"]
    if d["failure"]:
        indented(d["failure"], 0, "red")
    for line in d["evidence"].splitlines()[-30:]:
        indented(line, 4, "dim")
    if d["kind"] == "rollback" and d["ended_at"]:
        console().print(f"`gate report {d['id']}` drafts the incident report", style="dim")
    for one in timeline["backups"]:
        back = "" if one["backup"]["removed_at"] else f" [dim]`gate restore-plan {d['id']}`[/]"
        console().print(f"backup of {escape(one['backup']['service'])}: {escape(one['said'])}{back}")
    if d["database_said"]:
        indented(d["database_said"], 2, "yellow")
    if d["logs_found"] or d["logs_due_at"]:
        said = d["logs_found"] or f"looked at {moment(d['logs_due_at'])}"
        console().print(f"logs of the first minutes: {escape(said)}")
    for took in timeline["took"]:
        mark = "" if took["within"] else ": [red]longer than expected[/]"
        console().print(
            f"{took['what']}: {took['seconds']:.1f} s [dim](the runbook expects {took['expected']})[/]{mark}"
        )


def what(d: dict[str, Any]) -> str:
    """What a deployment brings: a release, or a commit."""
    return f"rollback to {revision(d)}" if d["kind"] == "rollback" else revision(d)


def revision(d: dict[str, Any]) -> str:
    return str(d["release"] or d["revision"]["commit"][:10])


def plain_state(d: dict[str, Any]) -> str:
    return str(d["state"]).replace("_", " ")


def place(p: dict[str, Any]) -> None:
    out, live = console(), p["live"]
    running = f"{revision(live)} ({live['id']})" if live else "nothing yet"
    out.print(f"[bold]{p['environment']:<10}[/]  runs {escape(running)}")
    if live:
        indented(live["why"], 12, "dim")
    for name, address in p["addresses"].items():
        out.print(f"{'':<12}{escape(name)}  {address}", style="dim")
    for said in filter(None, [*p["calendar"], p["back"]]):
        indented(said, 12, "dim")
    for said in p["approved"]:
        indented(said, 12, "green")
    for hold in p["holds"]:
        indented(f"held by {hold['by']}: {hold['reason']} ({hold['id']})", 12, "yellow")
    if p["busy"]:
        deployment(p["busy"])
    for queued in p["queued"]:
        indented(f"queued: {queued['id']}, {queued['why']}", 12, "yellow")
    last = next((d for d in p["recent"] if d["ended_at"]), None)
    if last and last["failure"]:
        out.print(f"{'':<12}{state(last['state'])} {last['id']} {escape(what(last))}")
        indented(shortened(last["failure"], 200), 14, "dim")


def waiting(w: dict[str, Any]) -> None:
    """What goes by itself, and when."""
    indented(w["said"], 0, "yellow")
    indented(f"asked for by {w['by']}, {moment(w['since'])}", 2, "dim")


def incident_line(i: dict[str, Any]) -> str:
    head = f"[bold red]{i['severity'].upper()} incident {i['id']}[/]"
    return f"{head}  {escape(i['title'])}  [dim]opened by {escape(i['opened_by'])}[/]"


def incident(i: dict[str, Any]) -> None:
    out = console()
    out.print(incident_line(i))
    out.print(f"{i['phase']}, since {moment(i['opened_at'])}", style="dim")
    if i["details"]:
        indented(i["details"], 2, "dim")
    if i["deployment"]:
        out.print(f"about {i['deployment']}: `gate deployment show {i['deployment']}`")
    if i["resolved_at"]:
        out.print(f"resolved by {escape(i['resolved_by'])}, {moment(i['resolved_at'])}: {escape(i['resolution'])}")


def moment(text: str) -> str:
    """A time of an answer, which is in UTC, to the minute."""
    return f"{text[:10]} {text[11:16]} UTC"


def _wrapped(text: str, left: int) -> list[str]:
    """What stands right of `left` columns; one whole line in a pipe."""
    if not sys.stdout.isatty():
        return [text]
    return textwrap.wrap(text, max(width() - left, 20), break_on_hyphens=False) or [""]
