"""`gate calendar`: the coming weeks, drawn in a terminal and as lines in a pipe."""

import sys
from datetime import date
from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.visible import escape

STYLES = {
    "window": "green",
    "freeze": "red",
    "holiday": "red",
    "cutoff": "yellow",
    "maintenance": "magenta",
    "release": "bold cyan",
}


@click.command()
@click.option("--weeks", type=click.IntRange(1, 52), default=4, show_default=True, help="How many, from this one on.")
@click.option("--feed", is_flag=True, help="Print the address that calendar programs subscribe to.")
@json_option
def calendar(weeks: int, feed: bool, as_json: bool) -> None:
    """The coming weeks: when production is open, freezes, holidays, the cut-off of staging, maintenance, releases.

    The address of --feed reads the calendar and nothing else; it ends with your token.
    """
    server = api()
    if feed:
        address = server.address + server.get("/calendar/feed")["path"]
        return print_json({"address": address}) if as_json else click.echo(address)
    found = server.get("/calendar", weeks=weeks)
    if as_json:
        return print_json(found)
    for said in found["now"]:
        show.indented(said, 0)
    if sys.stdout.isatty():
        _draw(found)
    else:
        _list(found)


def _draw(found: dict[str, Any]) -> None:
    from rich import box
    from rich.table import Table

    days = found["days"]
    grid = Table(box=box.ROUNDED, expand=True, show_lines=True, caption=f"times of {found['zone']}")
    for day in days[:7]:
        grid.add_column(f"{date.fromisoformat(day['date']):%a}", ratio=1, overflow="fold")
    for first in range(0, len(days), 7):
        grid.add_row(*(_cell(day) for day in days[first : first + 7]))
    show.console().print(grid)


def _cell(day: dict[str, Any]) -> str:
    head = f"{date.fromisoformat(day['date']):%d %b}"
    lines = [f"[reverse]{head}[/]" if day["today"] else f"[dim]{head}[/]"]
    return "\n".join([*lines, *(f"[{STYLES[mark['kind']]}]{escape(mark['text'])}[/]" for mark in day["marks"])])


def _list(found: dict[str, Any]) -> None:
    """Days on which there is something."""
    for day in found["days"]:
        for mark in day["marks"]:
            click.echo(f"{date.fromisoformat(day['date']):%a %Y-%m-%d}  {mark['text']}")
