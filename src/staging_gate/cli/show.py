"""What answers look like in a terminal: colours and tables there, plain lines in a pipe."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

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
    return Console(highlight=False, soft_wrap=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*[escape(str(cell)) if cell is not None else "" for cell in row])
    Console(highlight=False).print(shown)


def state(word: str) -> str:
    return f"[{STATES.get(word, 'dim')}]{word.replace('_', ' ')}[/]"


def decision_lines(decision: dict[str, Any]) -> Iterator[str]:
    """A decision, as messages.decisions says it, from its JSON."""
    from staging_gate.messages import decisions

    return iter(decisions.lines_of(decision))


def change(view: dict[str, Any]) -> None:
    out, c = console(), view["change"]
    out.print(f"[bold]Change {c['number']}[/]  {escape(c['title'])}  {state(c['state'])}")
    out.print(f"{escape(c['source'])} -> {escape(c['target'])} by {escape(c['author'])}", style="dim")
    if c["labels"]:
        out.print("labels: " + escape(", ".join(c["labels"])))
    for commit in view["commits"][:20]:
        out.print(f"  {commit['id'][:10]} {escape(commit['subject'])}", style="dim")
    if len(view["commits"]) > 20:
        out.print(f"  and {len(view['commits']) - 20} more commits", style="dim")
    for check in view["checks"]:
        took = f" ({check['seconds']:.1f} s)" if check["seconds"] else ""
        out.print(f"  {MARKS[check['verdict']]} {escape(check['name'])}: {escape(check['summary'])}{took}")
    for shown in view["approvals"]:
        given = shown["approval"]
        mark = MARKS["passed"] if shown["counts"] else MARKS["skipped"]
        why = f", does not count: {shown['why_not']}" if shown["why_not"] else ""
        out.print(f"  {mark} {escape(given['by'])} approved as {escape(given['role'])}{escape(why)}")
    for word in view["tested"]:
        out.print(f"  {MARKS['passed']} tried in staging by {escape(word['by'])} {escape(word['note'])}")
    if view["decision"]:
        for line in decision_lines(view["decision"]):
            out.print(escape(line))
    for id in view["deployments"]:
        out.print(f"deployed by {id}: `gate deployment show {id}`")


def step_line(step: dict[str, Any]) -> str:
    took = f" [dim]{seconds_between(step['started_at'], step['ended_at']):.2f} s[/]" if step["ended_at"] else ""
    again = f" [dim](attempt {step['attempt']})[/]" if step["attempt"] > 1 else ""
    outcome = escape(outcome_of(step))
    return f"  {MARKS.get(step['state'], '?')} {escape(step['name'])}{again}{took}" + (
        f"  [dim]{outcome}[/]" if outcome else ""
    )


def outcome_of(step: dict[str, Any]) -> str:
    text = str(step["outcome"]).strip().strip('"')
    return "" if text in ("null", "None", "") or text.startswith(("{", "[")) else text.splitlines()[0][:160]


def seconds_between(start: str, end: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def deployment(timeline: dict[str, Any]) -> None:
    out = console()
    deployment_head(timeline["deployment"], timeline["live"])
    if timeline["ahead"]:
        out.print("waits for " + ", ".join(timeline["ahead"]))
    for step in timeline["steps"]:
        out.print(step_line(step))
    deployment_end(timeline)


def deployment_head(d: dict[str, Any], live: bool) -> None:
    what = d["release"] or d["revision"]["commit"][:10]
    word = "rollback to " if d["kind"] == "rollback" else ""
    tail = "  [bold green]live[/]" if live else ""
    console().print(f"[bold]{d['id']}[/]  {word}{escape(what)}  {state(d['state'])}{tail}  [dim]{escape(d['why'])}[/]")


def deployment_end(timeline: dict[str, Any]) -> None:
    out, d = console(), timeline["deployment"]
    if d["failure"]:
        out.print(escape(d["failure"]), style="red")
    for line in d["evidence"].splitlines()[-30:]:
        out.print("    " + escape(line), style="dim")
    for took in timeline["took"]:
        mark = "as expected or faster" if took["within"] else "[red]longer than expected[/]"
        out.print(
            f"{took['what']}: {took['seconds']:.1f} s, the runbook expects {took['expected']}: {mark}", style="dim"
        )


def place(p: dict[str, Any]) -> None:
    out, live = console(), p["live"]
    running = f"{live['release'] or live['revision']['commit'][:10]} ({live['id']})" if live else "nothing yet"
    out.print(f"[bold]{p['environment']}[/]  runs {escape(running)}")
    for name, address in p["addresses"].items():
        out.print(f"  {escape(name)}: {address}", style="dim")
    for hold in p["holds"]:
        out.print(f"  [red]held[/] by {escape(hold['by'])}: {escape(hold['reason'])} ({hold['id']})")
    if p["busy"]:
        deployment(p["busy"])
    for queued in p["queued"]:
        out.print(f"  queued: {queued['id']} {escape(queued['why'])}")


def incident_line(i: dict[str, Any]) -> str:
    head = f"[bold red]{i['severity'].upper()} incident {i['id']}[/]"
    return f"{head}  {escape(i['title'])}  [dim]opened by {escape(i['opened_by'])}[/]"


def incident(i: dict[str, Any]) -> None:
    out = console()
    out.print(incident_line(i))
    out.print(f"{i['phase']}, since {i['opened_at'][:16]}", style="dim")
    if i["deployment"]:
        out.print(f"about {i['deployment']}: `gate deployment show {i['deployment']}`")
    if i["resolved_at"]:
        out.print(f"resolved by {escape(i['resolved_by'])}, {i['resolved_at'][:16]}: {escape(i['resolution'])}")
