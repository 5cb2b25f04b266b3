"""`gate notifications` and `gate ack`: whom we told of what, and that somebody sees to it."""

from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.visible import escape


@click.group()
def notifications() -> None:
    """What people and channels are told: list, test. gate.yaml says under `notify` whom and where."""


@notifications.command("list")
@click.option("--mine", is_flag=True, help="Only yours.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most so many.")
@json_option
def list_notifications(mine: bool, limit: int, as_json: bool) -> None:
    """Show what was sent to whom, and what could not be; the newest first."""
    found = api().get("/notifications", mine=mine, limit=limit)
    if as_json:
        return print_json(found)
    rows = [
        [
            one["notice"]["id"],
            show.moment(one["notification"]["created_at"]),
            one["notification"]["recipient"],
            _state(one),
            one["notice"]["title"],
        ]
        for one in found
    ]
    show.table(["", "since", "to", "", "what"], rows, "Nobody was told of anything.")


@notifications.command("test")
@click.argument("name")
@json_option
def test(name: str, as_json: bool) -> None:
    """Send a message that says nothing to a person or a channel of `notify`, at once."""
    reached = api().post("/notifications/test", to=name)
    print_json(reached) if as_json else click.echo(f"{reached['name']} was reached at {reached['address']}.")


@click.command()
@click.argument("id", type=click.IntRange(1))
@json_option
def ack(id: int, as_json: bool) -> None:
    """Say that you see to a page: nobody is told of it again. ID is in the message and on the board."""
    seen = api().post(f"/pages/{id}/acknowledge")
    if as_json:
        return print_json(seen)
    click.echo(f"You see to it: {seen['title']}")


def lines(pages: list[dict[str, Any]], untold: list[str]) -> None:
    """As `gate status` shows them."""
    out = show.console()
    for page in pages:
        out.print(f"[bold red]page {page['notice']['id']}[/]  {escape(page['said'])}")
        out.print(f"{'':<12}nobody has acknowledged it: `gate ack {page['notice']['id']}`", style="yellow")
    for said in untold:
        out.print(f"[magenta]untold[/]  {escape(said)}")


def _state(one: dict[str, Any]) -> str:
    sent, notice = one["notification"], one["notice"]
    if sent["state"] == "pending":
        return f"tried {sent['attempts']} times" if sent["problem"] else "on its way"
    if sent["state"] == "sent" and sent["page"]:
        return f"seen by {notice['acknowledged_by']}" if notice["acknowledged_by"] else "sent, not seen to"
    return {"failed": "given up"}.get(sent["state"], str(sent["state"]))
