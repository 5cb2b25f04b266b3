"""`gate status`, `board`, `explain`, `doctor`: reading verbs."""

import sys
import webbrowser

import click

from staging_gate.cli import followups, hooks, hotfixes, maintenance, notifications, show, way_back
from staging_gate.cli.access import api, find_access, json_option, print_json
from staging_gate.cli.errors import FAILED, REFUSED
from staging_gate.cli.visible import escape

NEXT = {
    "proposed": "is to be approved and merged: `gate explain {change}`",
    "merged": "waits to be published: `gate release publish {tag}`",
}
"""What a release that is under way waits for."""


@click.command()
@json_option
def status(as_json: bool) -> None:
    """What is where, what goes on, what waits and why."""
    found = api().get("/board")
    if as_json:
        return print_json(found)
    out = show.console()
    out.print(f"[bold]{found['product'] or 'no policy on main yet: `gate init` writes one'}[/]")
    for incident in found["incidents"]:
        out.print(show.incident_line(incident))
    show.bypasses(found["bypasses"])
    hotfixes.lines(found["hotfixes"])
    notifications.lines(found["pages"], found["untold"])
    for place in found["places"]:
        show.place(place)
    if found["way_back"]:
        way_back.lines(found["way_back"])
    for one in found["changes"]:
        change = one["change"]
        marks = " ".join(f"{show.MARKS[c['verdict']]} {c['name']}" for c in one["checks"])
        out.print(f"[bold]change {change['number']}[/]  {escape(change['title'])}  {marks}")
        out.print(
            f"{'':<12}{escape(change['source'])} -> {change['target']} by {escape(change['author'])}", style="dim"
        )
        for said in one["waits"]:
            show.indented(said, 12, "dim")
    going = {waits["subject"] for waits in found["waiting"]}
    for waits in found["waiting"]:
        out.print(f"[bold]{waits['subject']}[/]  {escape(waits['title'])}")
        show.indented(waits["said"], 12, "yellow")
    for release in found["releases"]:
        if release["state"] in NEXT and release["tag"] not in going:
            out.print(f"[bold]{release['tag']}[/]  {escape(release['title'])}")
            show.indented(NEXT[release["state"]].format(**release), 12, "dim")
    hotfixes.back_merge(found["back_merge"])
    maintenance.lines(found["maintenances"])
    hooks.lines(found["webhooks"])
    followups.lines(found["follow_ups"])
    for bad in found["quarantines"]:
        out.print(f"[red]quarantine[/]  {bad['tag']}: {escape(bad['reason'])}")
    for warning in found["warnings"]:
        show.warning(warning)
    for difference in found["differences"]:
        out.print(f"[magenta]differs[/]  {escape(difference['what'])}  {escape(difference['do'])}")


@click.command()
@click.option("--open/--no-open", "opens", default=True, help="Open it in a browser.")
def board(opens: bool) -> None:
    """The board's address; opens it in a browser where there is one."""
    address, token = find_access()
    link = f"{address}/login#{token}"
    click.echo(address if opens and webbrowser.open(link) else link)


@click.command()
@click.argument("subject", nargs=-1, required=True)
@click.option("--action", help="Another act than the next one: approve, publish, deploy, hold, ...")
@click.option("--as", "role", default="review", help="The role of an approval.")
@click.option("--code", default="", help="The reason that a bypass is for.")
@json_option
def explain(subject: tuple[str, ...], action: str | None, role: str, code: str, as_json: bool) -> None:
    """Why the gate is open or closed, for you, now; and where it stands, if it waits in a queue.

    \b
    gate explain 12                a change
    gate explain v1.4.0            a release
    gate explain production-3      a deployment
    gate explain rollback v1.3.0   going back
    gate explain rollback 2        going back two releases
    """
    wanted = action.replace("-", "_").replace(" ", "_") if action else None
    decision = api().get("/explain", subject=" ".join(subject), action=wanted, role=role, code=code)
    if as_json:
        print_json(decision)
    else:
        show.decision(decision)
        if decision["place"]:
            click.echo(decision["place"]["said"])
        if decision["back"]:
            click.echo(decision["back"])
    sys.exit(REFUSED if decision["reasons"] else 0)


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check what deployments need, and say what to mend."""
    findings = api().get("/doctor")
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            mark = show.MARKS["passed" if finding["ok"] else "failed"]
            show.console().print(f"{mark} {finding['what']}: {escape(finding['found'])}")
            if not finding["ok"]:
                show.console().print(f"    -> {escape(finding['do'])}")
    sys.exit(0 if all(finding["ok"] for finding in findings) else FAILED)
