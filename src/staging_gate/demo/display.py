"""How the story is told: live in a terminal, in plain lines in a pipe, as JSON for machines."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from staging_gate.demo.telling import Chapter, Step, Told, proper


@dataclass(frozen=True)
class Summary:
    """`rollback_ms` runs from the commit of the failed verdict to the first complete answer of the release before."""

    ok: bool
    steps: int
    requests: int
    failed_requests: int
    rollback_ms: float | None
    merge_to_verified_s: float | None


@dataclass(frozen=True)
class ConnectedSummary(Summary):
    """Besides, by provider: calls of its API by everybody, and its webhooks that the server took."""

    calls: Mapping[str, int]
    webhooks: Mapping[str, int]


@dataclass(frozen=True)
class Spent:
    """Seconds: of the whole story, of setting it up before, and what of the story was waiting for what."""

    story: float
    setting_up: float
    waiting: Mapping[str, float]


@dataclass(frozen=True)
class Traffic:
    """What clients of production have seen so far; `release` is that of the last answer that named one."""

    requests: int
    failed: int
    release: str


class Display(Protocol):
    def watch(self, traffic: Callable[[], Traffic | None]) -> None:
        """Where to look for what clients see; None before there are any."""
        ...

    def say(self, what: str) -> None:
        """What goes on at this moment; it may be forgotten at once."""
        ...

    def note(self, text: str) -> None:
        """For people; it stays."""
        ...

    def chapter(self, chapter: Chapter) -> None: ...
    def begin(self, step: Step) -> None: ...
    def end(self, told: Told) -> None: ...
    def summary(self, summary: Summary, spent: Spent) -> None: ...
    def close(self) -> None: ...


class Lines:
    """One JSON object a line."""

    def watch(self, traffic: Callable[[], Traffic | None]) -> None:
        pass

    def say(self, what: str) -> None:
        pass

    def note(self, text: str) -> None:
        click.echo(text, err=True)

    def chapter(self, chapter: Chapter) -> None:
        pass

    def begin(self, step: Step) -> None:
        pass

    def end(self, told: Told) -> None:
        _print_json(asdict(told))

    def summary(self, summary: Summary, spent: Spent) -> None:
        _print_json({"summary": True, **asdict(summary)})

    def close(self) -> None:
        pass


class Plain:
    """For pipes and logs: what is over, line by line."""

    def __init__(self) -> None:
        self._number = 0

    def watch(self, traffic: Callable[[], Traffic | None]) -> None:
        pass

    def say(self, what: str) -> None:
        pass

    def note(self, text: str) -> None:
        click.echo(text)

    def chapter(self, chapter: Chapter) -> None:
        click.echo(f"\n{chapter.title}")

    def begin(self, step: Step) -> None:
        self._number += 1

    def end(self, told: Told) -> None:
        click.echo(f"{'ok' if told.ok else 'NO'} {self._number:>2}  {told.step}  ({told.seconds:.1f} s)")
        click.echo(f"       expected: {told.expected}")
        click.echo(f"       observed: {told.observed}")

    def summary(self, summary: Summary, spent: Spent) -> None:
        click.echo()
        for name, value in figures(summary, spent):
            click.echo(f"{name:<34} {value}")

    def close(self) -> None:
        pass


class Scene:
    """In a terminal: what is over stays, and below it moves what goes on now, and what visitors of production see."""

    def __init__(self, console: Console) -> None:
        self._traffic: Callable[[], Traffic | None] = lambda: None
        self._console = console
        self._number = 0
        self._step: Step | None = None
        self._now = ""
        self._began = time.monotonic()
        self._spinner = Spinner("dots", style="yellow")
        self._live = Live(get_renderable=self._moving, console=self._console, refresh_per_second=10, transient=True)
        self._live.start()

    def watch(self, traffic: Callable[[], Traffic | None]) -> None:
        self._traffic = traffic

    def say(self, what: str) -> None:
        self._now = what

    def note(self, text: str) -> None:
        self._console.print(escape(text), soft_wrap=True)

    def chapter(self, chapter: Chapter) -> None:
        self._console.print()
        self._console.rule(f"[bold]{escape(chapter.title)}[/]", align="left", style="dim")

    def begin(self, step: Step) -> None:
        self._number += 1
        self._step, self._now, self._began = step, "", time.monotonic()

    def end(self, told: Told) -> None:
        self._step = None
        mark, colour = ("✓", "green") if told.ok else ("✗", "red")
        texts = Table.grid(padding=(0, 2))
        texts.add_row("[dim]expected[/]", f"[dim]{escape(told.expected)}[/]")
        texts.add_row(f"[{colour}]observed[/]", escape(told.observed))
        table = _grid()
        table.add_row(f"[bold {colour}]{mark}[/]", f"{self._number}", _who_acts(told.step), _seconds(told.seconds))
        table.add_row("", "", texts, "")
        self._console.print(table)

    def summary(self, summary: Summary, spent: Spent) -> None:
        self._step = None
        table = Table.grid(padding=(0, 2))
        for name, value in figures(summary, spent):
            table.add_row(f"[dim]{name}[/]", f"[bold]{value}[/]")
        title = "[bold green]The whole runbook, as expected[/]" if summary.ok else "[bold red]Not as expected[/]"
        self._console.print()
        self._console.print(Panel(table, title=title, border_style="dim", expand=False, padding=(1, 3)))

    def refresh(self) -> None:
        """Show now what moves; by itself it does so ten times a second."""
        self._live.refresh()

    def close(self) -> None:
        self._live.stop()

    def _moving(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._step:
            table = _grid()
            took = _seconds(time.monotonic() - self._began)
            table.add_row(self._spinner, f"{self._number}", _who_acts(self._step.name), took)
            parts.append(table)
        if self._now:
            parts.append(Text(f"      {self._now}", style="dim", no_wrap=True, overflow="ellipsis"))
        if (traffic := self._traffic()) is not None:
            parts.append(_traffic_line(traffic))
        return Group(*parts)


def figures(summary: Summary, spent: Spent) -> list[tuple[str, str]]:
    """What the demo has measured, for people."""
    rollback = "not measured" if summary.rollback_ms is None else f"{summary.rollback_ms:.0f} ms"
    verified = "not measured" if summary.merge_to_verified_s is None else f"{summary.merge_to_verified_s:.1f} s"
    told = [
        ("steps", f"{summary.steps} in {spent.story:.0f} s, after {spent.setting_up:.0f} s of setting up"),
        ("waited for", ", ".join(f"{what} {seconds:.0f} s" for what, seconds in spent.waiting.items())),
        ("requests to production", f"{summary.requests:,}"),
        ("failed requests", f"{summary.failed_requests}"),
        ("bad verdict to first good answer", rollback),
        ("merge to verified in staging", f"{verified} (in the runbook: 15-30 min)"),
    ]
    if isinstance(summary, ConnectedSummary):
        told += [(f"calls of {proper(name)}'s API", f"{count}") for name, count in summary.calls.items()]
        told += [(f"webhooks of {proper(name)}", f"{count}") for name, count in summary.webhooks.items()]
    return told


def display(as_json: bool) -> Display:
    if as_json:
        return Lines()
    return Scene(Console(highlight=False)) if sys.stdout.isatty() else Plain()


def _print_json(value: object) -> None:
    click.echo(json.dumps(value))


def _grid() -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=1)
    table.add_column(width=2, justify="right", style="dim")
    table.add_column(ratio=1, overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    return table


PEOPLE = {"Ada": "cyan", "Ben": "blue", "Tess": "magenta", "Stan": "yellow", "Dana": "bright_green"}


def _seconds(seconds: float) -> str:
    return f"[dim]{seconds:.1f} s[/]"


def _who_acts(sentence: str) -> str:
    """The sentence as markup, with people in their colours."""
    marked = escape(sentence)
    for name, colour in PEOPLE.items():
        marked = marked.replace(name, f"[bold {colour}]{name}[/]")
    return marked


def _traffic_line(traffic: Traffic) -> Text:
    failed = ("bold red", f"{traffic.failed} failed") if traffic.failed else ("green", "0 failed")
    return Text.assemble(
        ("  production ", "bold"),
        (f"{traffic.release or '?'} ", "bold cyan"),
        (f"· {traffic.requests:,} requests · ", "dim"),
        (failed[1], failed[0]),
    )
