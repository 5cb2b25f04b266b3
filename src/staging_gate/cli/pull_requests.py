"""What the code host said of a change."""

from typing import Any

from rich.markup import escape

from staging_gate.cli.show import MARKS, console

WORDS = {"approved": "passed", "changes_requested": "failed"}


def details(heard: dict[str, Any]) -> None:
    """Its reviews and checks, each with its address."""
    out, pull = console(), heard["pull"]
    draft = ", a draft" if pull["draft"] else ""
    out.print(
        f"  pull request {pull['number']}{draft}, as of {heard['at'][:16]}: {escape(pull['address'])}", style="dim"
    )
    for one in pull["opinions"] or ():
        said = f"{one['person']} {one['word'].replace('_', ' ')} there"
        out.print(f"  {MARKS[WORDS.get(one['word'], 'skipped')]} {escape(said)}  {escape(one['address'])}")
    for check in pull["checks"] or ():
        wanted = " (required there)" if check["required"] else ""
        out.print(f"  {MARKS[check['verdict']]} {escape(check['name'] + wanted)}  {escape(check['address'])}")
