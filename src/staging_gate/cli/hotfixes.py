"""`gate hotfix ...`: Procedure 3, from what production runs to production, and back to staging."""

from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.visible import escape


@click.group()
def hotfix() -> None:
    """Hotfixes: what can not wait for the next release (Procedure 3)."""


@hotfix.command("start")
@click.argument("name")
@json_option
def start(name: str, as_json: bool) -> None:
    """Make the branch hotfix/NAME from what production runs."""
    made = api().post("/hotfixes", name=name)
    if as_json:
        return print_json(made)
    branch = made["branch"]
    click.echo(f"{branch} starts from what production runs ({made['commit'][:10]}). Make the fix, as small as can be:")
    click.echo(f"  git fetch origin && git switch {branch}")
    click.echo(f"  git commit -am 'fix: ...' && git push origin {branch}")
    click.echo(f'  gate hotfix open {branch.removeprefix("hotfix/")} --reason "..."')


@hotfix.command("open")
@click.argument("name")
@click.option("--reason", required=True, help="Why this can not wait; it goes on the record.")
@click.option("--title", help="The last commit's subject, if not given.")
@json_option
def open_hotfix(name: str, reason: str, title: str | None, as_json: bool) -> None:
    """Ask for hotfix/NAME to go to production."""
    opened = api().post("/hotfixes/open", name=name, reason=reason, title=title)
    if as_json:
        return print_json(opened)
    number = opened["change"]["number"]
    click.echo(f"Change {number} is open: {opened['change']['title']}. It is urgent, and first on the board.")
    details(opened, 2)
    click.echo(
        f"A tech lead or who is on call: `gate approve {number} --as tech_lead`. Then staging tries it by itself;"
    )
    click.echo(f"`gate change merge {number}` merges it and releases it at once.")


@hotfix.command("list")
@json_option
def list_hotfixes(as_json: bool) -> None:
    """Show the hotfixes on their way, and what each still waits for."""
    found = api().get("/hotfixes")
    if as_json:
        return print_json(found)
    if not found:
        click.echo("No hotfix is on its way. `gate hotfix start NAME` begins one.")
    lines(found)


@hotfix.command("prove")
@click.argument("number", type=click.IntRange(1))
@json_option
def prove(number: int, as_json: bool) -> None:
    """Try the hotfix of change NUMBER in staging once more."""
    begun = api().post(f"/hotfixes/{number}/prove")
    if as_json:
        return print_json(begun)
    click.echo(f"{begun['deployment']} tries it in staging: `gate deployment follow {begun['deployment']}`")


def lines(found: list[dict[str, Any]]) -> None:
    """As `gate status` shows them, first of all."""
    for one in found:
        line(one)


def line(one: dict[str, Any]) -> None:
    change, out = one["change"], show.console()
    by = f"[dim]by {escape(change['author'])}[/]"
    out.print(f"[bold red]hotfix {change['number']}[/]  {escape(change['title'])}  {by}")
    details(one, 12)
    for said in one["waits_for"]:
        show.indented(said, 12, "yellow")
    if not one["waits_for"]:
        out.print(f"{'':<12}it can be merged: `gate change merge {change['number']}`", style="green")


def details(one: dict[str, Any], left: int) -> None:
    """Why, how large, and whether staging has tried it."""
    size = one["size"]
    migrations = f", {len(size['migrations'])} migrations" if size["migrations"] else ""
    show.indented(f"why it is urgent: {one['reason']}", left, "dim")
    if one["change"]["state"] == "open":
        show.indented(f"size: {size['files']} files, {size['lines']} lines{migrations}", left, "dim")
    if one["change"]["state"] == "open" and one["change"]["reviewers"]:
        show.indented(f"paged: {', '.join(one['change']['reviewers'])}", left, "dim")
    for warning in one["warnings"]:
        show.indented(f"{warning['sentence']} {warning['advice']}", left, "yellow")
    if one["proof"]:
        show.console().print(f"{'':<{left}}tried in staging: {one['proof']['id']} {show.state(one['proof']['state'])}")


def back_merge(change: dict[str, Any] | None) -> None:
    """What has to come back to staging before the next regular release."""
    if change is None:
        return
    conflicts = (change["preview"] or {}).get("conflicts") or []
    show.console().print(f"[bold]back-merge[/]  change {change['number']}  {escape(change['title'])}")
    said = f"conflicts: {', '.join(conflicts)}; " if conflicts else ""
    what = f"{said}no regular release is merged before it: `gate explain {change['number']}`"
    show.indented(what, 12, "yellow" if said else "dim")
