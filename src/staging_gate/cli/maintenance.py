"""`gate maintenance ...`: announced time in which something is worked on."""

from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.visible import escape

ID = click.IntRange(1, 2**31 - 1)


@click.group()
def maintenance() -> None:
    """Announced time in which something is worked on, and people may notice it.

    A release whose migrations write a table anew, or hold it for long, goes in one of these only.
    """


@maintenance.command("announce")
@click.argument("title")
@click.option("--from", "begins", required=True, help="When it begins: `thu 12:00`, `2026-12-24 10:00`, `+0m` for now.")
@click.option("--until", "ends", required=True, help="When it ends: the same, or `+2h` for how long it lasts.")
@click.option("--affected", default="", help="What people will notice.")
@click.option("--environment", type=click.Choice(["production", "staging"]), default="production", show_default=True)
@click.option("--service", "services", multiple=True, help="A service that is worked on, more than one too; else all.")
@click.option("--note", default="", help="Where the plan is, for instance.")
@json_option
def announce(as_json: bool, **plan: Any) -> None:
    """Tell people that TITLE is done then.

    A short notice, an unfit day and a time in which production is closed are warned about, and refuse nothing.
    """
    told = api().post("/maintenances", **{**plan, "services": list(plan["services"])})
    if as_json:
        return print_json(told)
    click.echo(f"Maintenance {told['maintenance']['id']} is announced: {_time(told['maintenance'])}.")
    _warn(told)


@maintenance.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that are over or cancelled.")
@json_option
def list_maintenances(every: bool, as_json: bool) -> None:
    """Show those that are on or to come, the first to begin first."""
    found = api().get("/maintenances", every=every)
    if as_json:
        return print_json(found)
    rows = [[each["maintenance"]["id"], each["state"], each["said"]] for each in found]
    show.table(["", "state", "what"], rows, "No maintenance is announced: `gate maintenance announce`.")


@maintenance.command("extend")
@click.argument("id", type=ID)
@click.option("--until", "ends", required=True, help="When it ends now; `+1h` counts from now, or from its beginning.")
@json_option
def extend(id: int, ends: str, as_json: bool) -> None:
    """Let it end at another time: later, or earlier."""
    told = api().post(f"/maintenances/{id}/extend", ends=ends)
    if as_json:
        return print_json(told)
    click.echo(f"Maintenance {id} is now {_time(told['maintenance'])}.")
    _warn(told)


@maintenance.command("cancel")
@click.argument("id", type=ID)
@click.option("--reason", required=True, help="Why; it goes on the record.")
@json_option
def cancel(id: int, reason: str, as_json: bool) -> None:
    """Take it back, or end it at once."""
    cancelled = api().post(f"/maintenances/{id}/cancel", reason=reason)
    print_json(cancelled) if as_json else click.echo(f"Maintenance {id} is cancelled: {cancelled['title']}.")


def lines(found: list[dict[str, Any]]) -> None:
    """As `gate status` shows them."""
    for each in found:
        mark = "[yellow]maintenance[/]" if each["state"] == "active" else "[dim]maintenance[/]"
        show.console().print(f"{mark}  {escape(each['said'])}  [dim]{each['maintenance']['id']}[/]")


def _time(maintenance: dict[str, Any]) -> str:
    return f"from {show.moment(maintenance['starts_at'])} until {show.moment(maintenance['ends_at'])}"


def _warn(told: dict[str, Any]) -> None:
    for warning in told["warnings"]:
        show.warning(warning)
