"""`gate hooks ...`: what providers told us by webhooks."""

from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.visible import escape, visible


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
    _print_lags(api().get("/hooks/lag"))


@hooks.command("lag")
@json_option
def lag(as_json: bool) -> None:
    """Show how far we are behind each provider, and how many webhooks got lost and were found."""
    found = api().get("/hooks/lag")
    print_json(found) if as_json else _print_lags(found)


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


def lines(found: list[dict[str, Any]]) -> None:
    """As `gate status` shows them: only what is not well."""
    for one in found:
        if not one["well"]:
            show.console().print(f"[yellow]webhooks of {one['lag']['provider']}[/]  {escape(one['said'])}")


def _print_lags(found: list[dict[str, Any]]) -> None:
    for one in found:
        show.console().print(f"{one['lag']['provider']}: {escape(one['said'])}")


def _settled(one: dict[str, str | None]) -> str:
    lost = "lost, found; " if one["sent_at"] else ""
    return lost + (show.moment(one["settled_at"]) if one["settled_at"] else "waits")
