"""`gate change ...` and `gate approve`: Procedure 1."""

import sys
from typing import Any

import click

from staging_gate.cli import following, show
from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.errors import FAILED, Failed
from staging_gate.cli.visible import visible
from staging_gate.wire.api import Api


@click.group()
def change() -> None:
    """Changes: open, look, merge, try in staging (Procedure 1)."""


@change.command("open")
@click.argument("source")
@click.option("--to", "target", default="staging", show_default=True, help="The branch it is to be merged into.")
@click.option("--title", help="The last commit's subject, if not given.")
@click.option("--description", default="", help="Why, for the reviewers.")
@click.option("--label", "labels", multiple=True, help="A label; may be given again.")
@click.option("--reason", default="", help="Why a hotfix to production can not wait; `gate hotfix open` asks for it.")
@click.option("--wait", is_flag=True, help="Follow the checks to their end.")
@json_option
def open_change(
    source: str,
    target: str,
    title: str | None,
    description: str,
    labels: tuple[str, ...],
    reason: str,
    wait: bool,
    as_json: bool,
) -> None:
    """Ask for branch SOURCE to be merged. Its checks start at once."""
    server = api()
    opened = server.post(
        "/changes",
        source=source,
        target=target,
        title=title,
        description=description,
        labels=list(labels),
        reason=reason,
    )
    if wait:
        _follow_checks(opened["number"], as_json)
    elif as_json:
        print_json(opened)
    else:
        click.echo(f"Change {opened['number']} is open: {opened['title']}. `gate change show {opened['number']}`")


@change.command("list")
@click.option("--all", "every", is_flag=True, help="Also merged and closed ones.")
@json_option
def list_changes(every: bool, as_json: bool) -> None:
    """Show open changes."""
    found = api().get("/changes", state=None if every else "open")
    if as_json:
        return print_json(found)
    rows = [[c["number"], c["state"], f"{c['source']} -> {c['target']}", c["author"], c["title"]] for c in found]
    show.table(
        ["", "state", "branches", "author", "title"],
        rows,
        "No changes." if every else "No open changes. `gate change open BRANCH` opens one.",
    )


@change.command("show")
@click.argument("number", type=int)
@json_option
def show_change(number: int, as_json: bool) -> None:
    """Show a change: its checks, approvals, and what the gate says."""
    view = api().get(f"/changes/{number}")
    print_json(view) if as_json else show.change(view)


@change.command("diff")
@click.argument("number", type=int)
def diff(number: int) -> None:
    """Show what a change changes."""
    text = api().text(f"/changes/{number}/diff")
    if sys.stdout.isatty():
        click.echo_via_pager(visible(text))
    else:
        click.echo(text)


@change.command("wait")
@click.argument("number", type=int)
@json_option
def wait_for_checks(number: int, as_json: bool) -> None:
    """Follow the checks of a change to their end.

    Exit 1 unless all passed.
    """
    _follow_checks(number, as_json)


@change.command("log")
@click.argument("number", type=int)
@click.argument("check")
def log(number: int, check: str) -> None:
    """Print the output of a check of a change.

    CHECK is its name; `build` is what they all run in. Follows it while it runs.
    """
    server = api()
    view = server.get(f"/changes/{number}")
    tree = _to_be_proved(view["change"])
    if not tree:
        raise Failed(f"Change {number} has nothing to check: it does not merge. `gate change show {number}` says why.")
    for text in following.log(server, f"checks/{tree['tree']}/{check}", lambda: _is_pending(server, number, check)):
        click.echo(text, nl=False)


@change.command("merge")
@click.argument("number", type=int)
@click.option("--method", type=click.Choice(["squash", "merge"]), help="How; the policy's first one, if not given.")
@click.option("--wait", is_flag=True, help="Follow the deployment that it starts.")
@click.option("--when-ready", is_flag=True, help="Where the gate is closed: merge it by itself as soon as it opens.")
@click.option("--cancel", is_flag=True, help="Take --when-ready back.")
@json_option
def merge(number: int, method: str | None, wait: bool, when_ready: bool, cancel: bool, as_json: bool) -> None:
    """Merge a change that the gate lets through.

    A merge to staging is deployed by itself. A hotfix is released at once.
    """
    server = api()
    if cancel:
        return _do_not_merge(server, number, as_json)
    view = server.post(f"/changes/{number}/merge", method=method, when_ready=when_ready)
    if view["change"]["state"] == "open":
        return _merges_by_itself(view, as_json)
    if as_json and not wait:
        return print_json(view)
    if not as_json:
        merged = view["change"]["merged"]["commit"][:10]
        click.echo(f"Change {number} is merged into {view['change']['target']} as {merged}.")
    for id in _that_bring_it(view, as_json):
        if wait:
            _follow(id, as_json)
        else:
            click.echo(f"{id} brings it there: `gate deployment follow {id}`")


@change.command("request")
@click.argument("number", type=int)
@click.option("--from", "people", multiple=True, required=True, help="Whom to ask; may be given again.")
@json_option
def request(number: int, people: tuple[str, ...], as_json: bool) -> None:
    """Ask people to approve a change.

    Everybody sees whom it waits for. Who was asked already is not asked again.
    """
    asked = api().post(f"/changes/{number}/request", people=list(people))
    if as_json:
        return print_json(asked)
    click.echo(f"Asked to approve change {number}: {', '.join(asked['reviewers'])}")


@change.command("tested")
@click.argument("number", type=int)
@click.option("--note", default="", help="What was tried.")
def tested(number: int, note: str) -> None:
    """Say that you tried this change in staging."""
    api().post(f"/changes/{number}/tested", note=note)
    click.echo(f"Noted: you tried change {number} in staging.")


@change.command("label")
@click.argument("number", type=int)
@click.argument("labels", nargs=-1)
@click.option("--remove", multiple=True, help="A label to take off.")
def label(number: int, labels: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Put labels on a change, or take them off."""
    now = api().post(f"/changes/{number}/labels", add=list(labels), remove=list(remove))
    click.echo(f"Labels of change {number}: {', '.join(now['labels']) or 'none'}")


@change.command("recheck")
@click.argument("number", type=int)
def recheck(number: int) -> None:
    """Run again what has not passed."""
    names = api().post(f"/changes/{number}/recheck")["checks"]
    click.echo(f"Running again: {', '.join(names)}" if names else "All required checks have passed on this code.")


@change.command("close")
@click.argument("number", type=int)
@click.option("--reason", default="", help="Why.")
def close(number: int, reason: str) -> None:
    """Close a change without merging it."""
    api().post(f"/changes/{number}/close", note=reason)
    click.echo(f"Change {number} is closed.")


@click.command()
@click.argument("what")
@click.option("--as", "role", default="review", show_default=True, help="The role: review, tech_lead, stakeholder ...")
@click.option("--comment", default="", help="A word for the record.")
@click.option("--commit", help="What you looked at: refused where something else was pushed meanwhile.")
@click.option("--withdraw", is_flag=True, help="Take your approvals of this change back.")
def approve(what: str, role: str, comment: str, commit: str | None, withdraw: bool) -> None:
    """Say yes to WHAT: a change (12), a release (v1.4.0), or `staging`.

    A yes to what staging runs counts for the release of exactly that code. One person counts once, also with several
    roles; a yes counts until the code, its migrations or the rules are others, or it expires.
    """
    server = api()
    path, name = _approvable(server, what)
    if withdraw:
        count = server.post(f"{path}/unapprove")["withdrawn"]
        approvals = "1 approval" if count == 1 else f"{count} approvals"
        click.echo(f"{approvals} of {name} {'is' if count == 1 else 'are'} withdrawn.")
        return
    given = server.post(f"{path}/approve", role=role, comment=comment, commit=commit)
    click.echo(f"{given['by']} approved {name} as {given['role']}.")


def _approvable(server: Api, what: str) -> tuple[str, str]:
    """Its path in the API, and what people call it."""
    if what == "staging":
        return "/staging", "what staging runs"
    number = int(what) if what.isdigit() else server.get(f"/releases/{named(what)}")["release"]["change"]
    return f"/changes/{number}", f"change {number}"


def _to_be_proved(change: dict[str, Any]) -> dict[str, str]:
    """What the checks run on: what merging would give, of a hotfix its own head; nothing where it does not merge."""
    merged: dict[str, str] = (change["preview"] or {}).get("merged") or {}
    head: dict[str, str] = change["head"]
    return head if merged and change["hotfix_reason"] else merged


def _that_bring_it(view: dict[str, Any], as_json: bool) -> list[str]:
    """The deployment that the merge started, if any. What tried a hotfix in staging before is none."""
    latest: list[str] = view["deployments"][:1]
    if not view["change"]["hotfix_reason"]:
        return latest
    tag = view["change"]["release"]
    released = [id for id in latest if id.startswith("production")]
    said = f"It is released as {tag}." if released else f"{tag} is not released yet: `gate explain {tag}` says why."
    click.echo(said, err=as_json or not released)
    return released


def _do_not_merge(server: Api, number: int, as_json: bool) -> None:
    left = server.post(f"/changes/{number}/merge/cancel")
    if as_json:
        return print_json(left)
    click.echo(f"Change {number} is not merged by itself any more.")


def _merges_by_itself(view: dict[str, Any], as_json: bool) -> None:
    if as_json:
        return print_json(view)
    number = view["change"]["number"]
    click.echo(f"Change {number} is merged by itself as soon as the gate opens. Not any more, please:")
    click.echo(f"`gate change merge {number} --cancel`")
    show.decision(view["decision"])


def _is_pending(server: Api, number: int, name: str) -> bool:
    checks = server.get(f"/changes/{number}")["checks"]
    return any(check["verdict"] == "pending" for check in checks if name in (check["name"], "build"))


def _follow_checks(number: int, as_json: bool) -> None:
    server = api()
    path = f"/changes/{number}/follow"
    view = following.last_of(server, path) if as_json else following.follow_checks(server, number)
    if as_json:
        print_json(view)
    elif view["decision"]:
        show.decision(view["decision"])
    sys.exit(0 if all(check["verdict"] == "passed" for check in view["checks"]) else FAILED)


def _follow(id: str, as_json: bool) -> None:
    from staging_gate.cli.deployments import follow_to_the_end

    follow_to_the_end(id, as_json)
