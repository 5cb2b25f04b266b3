"""`gate incident ...`: what is wrong, and that it is over. An open P0 or P1 keeps releases out of production."""

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json


@click.group()
def incident() -> None:
    """Incidents: open, list, show, resolve. An open P0 or P1 keeps releases out of production."""


@incident.command("open")
@click.argument("title")
@click.option("--severity", type=click.Choice(["p0", "p1", "p2", "p3"]), required=True, help="p0 is the worst.")
@click.option("--deployment", help="The deployment that it is about.")
@json_option
def open_incident(title: str, severity: str, deployment: str | None, as_json: bool) -> None:
    """Say that something is wrong; anybody may."""
    opened = api().post("/incidents", severity=severity, title=title, deployment=deployment)
    if as_json:
        return print_json(opened)
    click.echo(f"{severity.upper()} incident {opened['id']} is open: {opened['title']}")


@incident.command("list")
@click.option("--all", "every", is_flag=True, help="Also resolved ones.")
@json_option
def list_incidents(every: bool, as_json: bool) -> None:
    """Show open incidents, the worst first."""
    found = api().get("/incidents", every=every)
    if as_json:
        return print_json(found)
    rows = [
        [i["id"], i["severity"].upper(), i["phase"], i["opened_by"], show.moment(i["opened_at"]), i["title"]]
        for i in found
    ]
    show.table(
        ["", "severity", "phase", "opened by", "since", "title"],
        rows,
        "No incidents." if every else "No open incidents.",
    )


@incident.command("show")
@click.argument("id", type=click.IntRange(1))
@json_option
def show_incident(id: int, as_json: bool) -> None:
    """Show an incident: who opened it and when, and how it ended."""
    found = api().get(f"/incidents/{id}")
    print_json(found) if as_json else show.incident(found)


@incident.command("resolve")
@click.argument("id", type=click.IntRange(1))
@click.option("--reason", required=True, help="How it ended; it goes on the record.")
@json_option
def resolve(id: int, reason: str, as_json: bool) -> None:
    """Say that an incident is over."""
    resolved = api().post(f"/incidents/{id}/resolve", reason=reason)
    if as_json:
        return print_json(resolved)
    click.echo(f"Incident {id} is resolved.")
