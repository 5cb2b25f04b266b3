"""`gate hooks ...`: what providers told us by webhooks."""

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.visible import visible


@click.group()
def hooks() -> None:
    """Webhooks: what providers told us. Each is a hint, after which we read again how it is."""


@hooks.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, help="How many, the newest first.")
@json_option
def list_deliveries(limit: int, as_json: bool) -> None:
    """Show what came last, and whether we have looked at it."""
    found = api().get("/hooks", limit=limit)
    if as_json:
        return print_json(found)
    rows = [
        [one["provider"], one["event"], show.moment(one["received_at"]), _settled(one), one["key"]] for one in found
    ]
    show.table(["from", "event", "came", "looked at", "key"], rows, "Nothing has come yet.")


@hooks.command("show")
@click.argument("provider")
@click.argument("key")
@json_option
def show_delivery(provider: str, key: str, as_json: bool) -> None:
    """Show one delivery with its body; for devops and admin."""
    found = api().get(f"/hooks/{named(provider)}/{named(key)}")
    if as_json:
        return print_json(found)
    click.echo(visible(found["body"]))


def _settled(one: dict[str, str | None]) -> str:
    return show.moment(one["settled_at"]) if one["settled_at"] else "waits"
