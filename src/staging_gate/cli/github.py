"""`gate github ...`: the rules by which GitHub itself keeps people on the way through the gate, and its webhook."""

import sys
from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.errors import FAILED
from staging_gate.cli.visible import escape

SIGNS = {"create": "[green]+[/]", "change": "[yellow]~[/]", "remove": "[red]-[/]", "leave": " "}
NOTHING_TO_DO = "Nothing to do: the rules and the webhook at GitHub are as they should be."
NONE_OF_OURS = "Nothing to do: there is nothing of ours at GitHub."


@click.group()
def github() -> None:
    """What GitHub refuses by itself, and how it tells us what happens there; for devops and admin."""


@github.command("setup")
@click.option("--remove", is_flag=True, help="Take our rulesets and our webhook away again; those of others stay.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def setup(remove: bool, yes: bool, as_json: bool) -> None:
    """Write rulesets for the branches and tags that the gate decides about, and the webhook that tells us.

    What would change is shown first, and done once you agree; repeating it changes nothing. Ours are those whose
    names begin with `Staging Gate: `, others are never touched. With --json and without --yes nothing is done.
    """
    plan = api().get("/github/rules", remove=remove)
    if not as_json:
        _show(plan, NONE_OF_OURS if remove else NOTHING_TO_DO)
    if plan["problem"] or plan["done"] or not (yes or (not as_json and click.confirm("Do this at GitHub?"))):
        return _end(plan, as_json, plan["problem"])
    done = api().post("/github/rules", seen=plan["seen"], remove=remove)
    if not as_json and not done["problem"]:
        click.echo("Done. `gate github check` says what is still open.")
    elif not as_json:
        _show_problem(done)
    _end(done, as_json, done["problem"])


@github.command("check")
@json_option
def check(as_json: bool) -> None:
    """Say what is not protected at GitHub, and how that could be misused, and what is wrong with its webhook to us;
    exit code 1 where there is something."""
    found = api().get("/github/exposures")
    if as_json:
        print_json(found)
    else:
        out = show.console()
        for one in found:
            out.print(f"{show.MARKS['failed']} {escape(one['said'])}")
            out.print(f"    -> {escape(one['do'])}")
        if not found:
            out.print(f"{show.MARKS['passed']} Branches and release tags can only be changed through the gate.")
    sys.exit(FAILED if found else 0)


def _show(plan: dict[str, Any], nothing: str) -> None:
    out = show.console()
    for step in plan["steps"]:
        out.print(f"{SIGNS[step['kind']]} {step['kind']:<6} {escape(step['name'])}")
        for one in step["differences"]:
            said = (
                one["then"] if step["kind"] == "create" else f"{one['now'] or 'nothing'} -> {one['then'] or 'nothing'}"
            )
            out.print(f"         {one['what']}: {escape(said)}")
    for name in plan["others"]:
        out.print(f"  [dim]not ours, stays: {escape(name)}[/]")
    for note in plan["notes"]:
        out.print(f"[yellow]![/] {escape(note)}")
    if plan["problem"]:
        _show_problem(plan)
    elif plan["done"]:
        click.echo(nothing)


def _show_problem(plan: dict[str, Any]) -> None:
    click.echo(f"gate: {plan['problem']}", err=True)
    for line in plan["by_hand"]:
        click.echo(line)


def _end(plan: dict[str, Any], as_json: bool, problem: str) -> None:
    if as_json:
        print_json(plan)
    if problem:
        sys.exit(FAILED)
