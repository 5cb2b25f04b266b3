"""`gate release ...`: Procedure 2."""

import sys
from datetime import datetime
from tempfile import NamedTemporaryFile
from typing import Any, TextIO

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.errors import REFUSED
from staging_gate.cli.visible import visible
from staging_gate.wire.api import ApiProblem, NotReachable


@click.group()
def release() -> None:
    """Releases: plan, open, publish, quarantine (Procedure 2)."""


@release.command("plan")
@click.option("--tag", help="Another version than the suggested one.")
@json_option
def plan(tag: str | None, as_json: bool) -> None:
    """What a release of staging would be now. Changes nothing.

    Shows the version, the notes, and what nobody has tried yet.
    """
    planned = api().get("/releases/plan", tag=tag)
    if as_json:
        return print_json(planned)
    out = show.console()
    out.print(f"[bold]{planned['title']}[/]  [dim]after {planned['last'] or 'no release yet'}[/]", markup=True)
    click.echo(visible(planned["notes"]))
    for warning in planned["warnings"]:
        show.warning(warning)
    for change in planned["included"]:
        mark = show.MARKS["missing" if change["number"] in planned["untested"] else "passed"]
        out.print(f"{mark} change {change['number']}: {change['title']}")
    if planned["untested"]:
        out.print(f"Not tried by a person yet: {', '.join(map(str, planned['untested']))} (`gate change tested N`)")


@release.command("open")
@click.option("--tag", help="Another version than the suggested one.")
@click.option("--title", help="A few words instead of the first feature's.")
@json_option
def open_release(tag: str | None, title: str | None, as_json: bool) -> None:
    """Open the release's change from staging to main, with notes."""
    opened = api().post("/releases", tag=tag, title=title)
    if as_json:
        return print_json(opened)
    number = opened["change"]
    if opened["state"] == "merged":
        click.echo(f"{opened['title']} is on main already, by change {number}: `gate release publish {opened['tag']}`.")
        return
    click.echo(f"{opened['title']} is open as change {number}.")
    click.echo(f"Approve it (`gate approve {number} --as tech_lead`), merge it (`gate change merge {number}`),")
    click.echo(f"then `gate release publish {opened['tag']}`.")


@release.command("list")
@json_option
def list_releases(as_json: bool) -> None:
    """Show all releases, newest first."""
    found = api().get("/releases")
    if as_json:
        return print_json(found)
    notes = {one["subject"]: one["said"] for one in found["waiting"]}
    notes |= {q["tag"]: f"in quarantine: {q['reason']}" for q in found["quarantines"]}
    rows = [
        [r["tag"], r["state"], r["title"] + (f" ({notes[r['tag']]})" if r["tag"] in notes else "")]
        for r in found["releases"]
    ]
    show.table(["tag", "state", "title"], rows, "No releases yet. `gate release plan` suggests the first.")


@release.command("show")
@click.argument("tag")
@json_option
def show_release(tag: str, as_json: bool) -> None:
    """Show a release: notes, deployments, what the gate says."""
    found = api().get(f"/releases/{named(tag)}")
    if as_json:
        return print_json(found)
    out = show.console()
    out.print(f"[bold]{found['release']['title']}[/]  {show.state(found['release']['state'])}")
    click.echo(visible(found["release"]["notes"]))
    for id in found["deployments"]:
        click.echo(f"deployment {id}")
    show.bypasses(found["bypasses"])
    if found["waits"]:
        show.waiting(found["waits"])
    if found["decision"]:
        show.decision(found["decision"])


@release.command("publish")
@click.argument("tag")
@click.option("--wait", is_flag=True, help="Follow the production deployment to its end.")
@click.option("--when-ready", is_flag=True, help="Whatever is missing now: merge and publish it as soon as it may go.")
@click.option("--cancel", is_flag=True, help="Take back that it is published by itself.")
@json_option
def publish(tag: str, wait: bool, when_ready: bool, cancel: bool, as_json: bool) -> None:
    """Put the tag on a merged release and start production.

    Where only the calendar says no, it waits and goes by itself when production opens.
    """
    if cancel:
        return _do_not_publish(tag, as_json)
    done = api().post(f"/releases/{named(tag)}/publish", when_ready=when_ready)
    if done["waits"] and not as_json:
        click.echo(done["waits"]["said"])
        return click.echo(f"It goes by itself, decided anew. Not any more: `gate release publish {tag} --cancel`")
    if as_json and not wait:
        return print_json(done)
    if not as_json:
        click.echo(f"{tag} is published.")
    for id in done["deployments"][:1]:
        if wait:
            from staging_gate.cli.deployments import follow_to_the_end

            follow_to_the_end(id, as_json)
        else:
            click.echo(f"{id} brings it to production: `gate deployment follow {id}`")


def _do_not_publish(tag: str, as_json: bool) -> None:
    left = api().post(f"/releases/{named(tag)}/publish/cancel")
    if as_json:
        return print_json(left)
    click.echo(f"{tag} is not published by itself any more.")


@release.command("edit")
@click.argument("tag")
@click.option("--title", help="A few words; the version stays in front.")
@click.option("--notes", type=click.File(), help="A file with the notes; - is standard input.")
@json_option
def edit(tag: str, title: str | None, notes: TextIO | None, as_json: bool) -> None:
    """Change the title and notes of a release, until its tag is made.

    Without options they are opened in your editor ($EDITOR), the title in the first line.
    """
    found = api().get(f"/releases/{named(tag)}")
    if title is None and notes is None:
        edited = _edit_by_hand(tag, found)
    else:
        words = {"title": title, "notes": notes.read() if notes else None}
        edited = api().post(f"/releases/{named(tag)}/edit", **words, edition=found["edition"])
    if as_json:
        return print_json(edited)
    same = edited["edition"] == found["edition"]
    click.echo(f"Nothing was changed in {tag}." if same else f"{edited['title']}: the new words are there.")


@release.command("announce")
@click.argument("tag")
@click.option("--for", "planned_for", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day: 2026-03-19.")
@click.option("--note", default="", help="What changes for people.")
@json_option
def announce(tag: str, planned_for: datetime, note: str, as_json: bool) -> None:
    """Say from which day on a major release may come.

    Majors are announced at least `calendar.announce_majors` ahead; the release need not be opened yet.
    """
    said = api().post(f"/releases/{named(tag)}/announce", planned_for=f"{planned_for:%Y-%m-%d}", note=note)
    if as_json:
        return print_json(said)
    click.echo(f"{tag} is announced for {planned_for:%a %Y-%m-%d}; `gate calendar` shows it.")


@release.command("withdraw")
@click.argument("tag")
@click.option("--reason", default="", help="Why.")
def withdraw(tag: str, reason: str) -> None:
    """Take back a release that is not published."""
    api().post(f"/releases/{named(tag)}/withdraw", reason=reason)
    click.echo(f"{tag} is withdrawn.")


@release.command("quarantine")
@click.argument("tag")
@click.option("--reason", required=True, help="Why it must not go anywhere.")
@json_option
def quarantine(tag: str, reason: str, as_json: bool) -> None:
    """Mark a release bad: it goes nowhere until a person lifts it.

    Neither its tag nor its code, under whatever name; `gate hold list` shows what is in quarantine.
    """
    made = api().post(f"/releases/{named(tag)}/quarantine", reason=reason)
    if as_json:
        return print_json(made)
    click.echo(f'{tag} is in quarantine. To undo it: `gate release lift {tag} --reason "..."`')


@release.command("lift")
@click.argument("tag")
@click.option("--reason", required=True, help="Why it may go again.")
@json_option
def lift(tag: str, reason: str, as_json: bool) -> None:
    """Lift a release's quarantine, by name and with a reason."""
    lifted = api().post(f"/releases/{named(tag)}/lift", reason=reason)
    if as_json:
        return print_json(lifted)
    click.echo(f"The quarantine of {tag} is lifted.")


def _edit_by_hand(tag: str, found: dict[str, Any]) -> dict[str, Any]:
    """Nobody writes what is refused anyhow, and what is refused afterwards is kept."""
    decision = api().get("/explain", subject=tag, action="edit")
    if decision["reasons"]:
        show.decision(decision, err=True)
        sys.exit(REFUSED)
    was = f"{found['release']['title']}\n\n{found['release']['notes']}"
    text = click.edit(was, extension=".md") or was
    title, _, notes = text.partition("\n")
    try:
        edited: dict[str, Any] = api().post(
            f"/releases/{named(tag)}/edit", title=title, notes=notes, edition=found["edition"]
        )
    except (ApiProblem, NotReachable):
        with NamedTemporaryFile("w", prefix=f"{tag}-", suffix=".md", delete=False) as draft:
            draft.write(text)
        click.echo(f"What you wrote is kept in {draft.name}.", err=True)
        raise
    return edited
