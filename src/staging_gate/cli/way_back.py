"""`gate way-back ...`: whether production can go back to what it runs now, its database too."""

from typing import Any

import click

from staging_gate.cli import show as shown
from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.visible import escape

COLOURS = {"compatible": "green", "reversible": "yellow", "irreversible": "red"}


@click.group("way-back")
def way_back() -> None:
    """The way back from a release, as it was tried on clones of a database."""


TO = click.option("--to", metavar="TAG", help="From production as it is now to this release, as a rollback would go.")


@way_back.command("show")
@click.argument("tag", required=False)
@TO
@click.option("--wait", is_flag=True, help="Until it has been tried.")
@json_option
def show(tag: str | None, to: str | None, wait: bool, as_json: bool) -> None:
    """Show the verdict with its evidence.

    From what staging has verified to what production runs; with TAG, from that release.
    """
    if tag and (to or wait):
        raise click.UsageError("Give the release that it goes from, or --to the one that it goes back to, not both.")
    found = api().get(f"/way-back/{named(tag)}") if tag else api().get("/way-back", to=to, wait=wait)
    if as_json:
        return print_json(found)
    verdict(found)
    if found["run"]:
        for step in found["steps"]:
            mark = shown.MARKS.get(step["state"], shown.MARKS["missing"])
            shown.console().print(f"  {mark} {escape(step['name'])}")


@way_back.command("prove")
@TO
@click.option("--wait", is_flag=True, help="Until it is known.")
@json_option
def prove(to: str | None, wait: bool, as_json: bool) -> None:
    """Try it once more, from what staging has verified to what production runs."""
    begun = api().post("/way-back/prove", to=to)
    if wait:
        begun = api().get("/way-back", to=to, wait=True)
    if as_json:
        return print_json(begun)
    if wait:
        return verdict(begun)
    look = f"gate way-back show --to {to}" if to else "gate way-back show"
    click.echo(f"It is being tried: `{look}` says how far it is.")


def verdict(found: dict[str, Any]) -> None:
    """With its evidence."""
    lines(found)
    for said in found["way"]["evidence"] if found["way"] else ():
        shown.indented(said, 2)
    if found["way"] and found["way"]["log"]:
        shown.indented(f"log: {found['way']['log']}", 2, "dim")


def lines(found: dict[str, Any]) -> None:
    verdict = found["way"]["verdict"] if found["way"] else ""
    shown.indented(found["said"], 0, COLOURS.get(verdict, "magenta"))
