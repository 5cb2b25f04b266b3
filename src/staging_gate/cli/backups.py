"""`gate backups ...` and `gate restore-plan`: copies of databases before migrations, and the way back to them."""

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, named, print_json


@click.group()
def backups() -> None:
    """Backups of databases, made in production before migrations that are new."""


@backups.command("list")
@click.option("--all", "every", is_flag=True, help="Also removed ones.")
@json_option
def list_backups(every: bool, as_json: bool) -> None:
    """Show backups, the newest first."""
    found = api().get("/backups", every=every)
    if as_json:
        return print_json(found)
    rows = [
        [one["backup"]["deployment"], one["backup"]["service"], show.moment(one["backup"]["at"]), one["said"]]
        for one in found
    ]
    show.table(["deployment", "service", "made", ""], rows, "No backups.")


@backups.command("restored")
@click.argument("deployment")
@click.option("--reason", required=True, help="What for; it goes on the record.")
@json_option
def restored(deployment: str, reason: str, as_json: bool) -> None:
    """Say that the databases were brought back to before DEPLOYMENT.

    `gate restore-plan` has this where it belongs: after the commands that restore them.
    """
    said = api().post(f"/backups/{named(deployment)}/restored", reason=reason)
    if as_json:
        return print_json(said)
    click.echo(f"The record has it: the databases are as they were before {deployment}.")


@click.command("restore-plan")
@click.argument("deployment", required=False)
@json_option
def restore_plan(deployment: str | None, as_json: bool) -> None:
    """Print the commands that bring the databases back to before DEPLOYMENT.

    From the first to the last, for the server's machine: what stops, what is restored, which release to go to. Nothing
    is done by this. Without DEPLOYMENT, for the last one in production that has a backup.
    """
    plan = api().get("/restore-plan", deployment=deployment)
    if as_json:
        return print_json(plan)
    click.echo(plan["script"], nl=False)
