"""`gate followups` and `gate followup done`: what somebody still has to do after a hotfix, a bypass or a rollback."""

from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.visible import escape


@click.command()
@click.option("--mine", is_flag=True, help="Only yours.")
@click.option("--all", "every", is_flag=True, help="Also those that are done.")
@json_option
def followups(mine: bool, every: bool, as_json: bool) -> None:
    """Show what is still to be done, the first due first."""
    found = api().get("/followups", every=every, mine=mine)
    if as_json:
        return print_json(found)
    rows = [[one["follow_up"]["id"], _when(one), one["follow_up"]["owner"], one["follow_up"]["title"]] for one in found]
    show.table(["", "due", "owner", "what"], rows, "No follow-ups." if every else "No open follow-ups.")


@click.group()
def followup() -> None:
    """One thing that is to be done after a hotfix, a bypass or a rollback; `gate followups` lists them."""


@followup.command("done")
@click.argument("id", type=click.IntRange(1))
@click.option("--note", default="", help="What came of it: a link, a sentence.")
@json_option
def done(id: int, note: str, as_json: bool) -> None:
    """Say that it is done."""
    now = api().post(f"/followups/{id}/done", note=note)
    print_json(now) if as_json else click.echo(f"Follow-up {id} is done: {now['title']}.")


def _when(one: dict[str, Any]) -> str:
    follow_up = one["follow_up"]
    if follow_up["done_at"]:
        return f"done {follow_up['done_at'][:10]}"
    return f"{follow_up['due_at'][:10]}{' late' if one['overdue'] else ''}"


def lines(found: list[dict[str, Any]]) -> None:
    """As `gate status` shows them: the late ones each, of the others how many there are."""
    late = [one["follow_up"] for one in found if one["overdue"]]
    for one in late:
        show.console().print(f"[yellow]late[/]  {escape(one['title'])}  [dim]{escape(one['owner'])}, {one['id']}[/]")
    if len(found) > len(late):
        show.console().print(f"{len(found) - len(late)} follow-ups are open: `gate followups`", style="dim")
