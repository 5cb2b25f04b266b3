"""`gate diagnose ...`: why something failed, and what to run next."""

import sys

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.errors import FAILED


@click.group()
def diagnose() -> None:
    """Why something failed: each known cause is looked for, and nothing is changed."""


@diagnose.command("migration")
@click.argument("deployment", required=False)
@click.option("--service", help="Only of this one.")
@json_option
def migration(deployment: str | None, service: str | None, as_json: bool) -> None:
    """Say why migrations failed, with the statements to run next.

    Of DEPLOYMENT, or of the last one that failed: several heads, an unknown revision, what is partly applied, rights,
    locks, a full disk, broken code, rows that do not fit. The database is only read. Exit 1 where a cause was found.
    """
    found = api().get("/diagnoses/migration", deployment=deployment, service=service)
    if as_json:
        print_json(found)
    else:
        for one in found:
            show.indented("\n".join(one["lines"]), 0)
    if any(suspect["answer"] == "confirmed" for one in found for suspect in one["suspects"]):
        sys.exit(FAILED)
