"""Where the server is and who we are: flags, variables, `gate login`, or the file that `gate up` writes."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from staging_gate.bootstrap.settings import default_state
from staging_gate.cli.errors import NoServer
from staging_gate.wire.api import Api

ACCESS_FILE = "access.json"


def login_file() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return Path(home) / "staging-gate" / "login.json"


def find_access() -> tuple[str, str]:
    """Address and token. Raises NoServer where there are none."""
    server, token = os.environ.get("GATE_SERVER") or None, os.environ.get("GATE_TOKEN") or None
    state = Path(os.environ.get("GATE_STATE") or default_state())
    for place in (login_file(), state / ACCESS_FILE):
        if (server and token) or not _readable(place):
            continue
        try:
            known = json.loads(place.read_text())
            address, secret = known["address"], known["token"]
        except (ValueError, KeyError, TypeError) as error:
            raise NoServer(f"{place} can not be read: remove it, then `gate login ADDRESS`.") from error
        if server is None or server.rstrip("/") == address.rstrip("/"):  # a token goes to no other server
            server, token = address, token or secret
    if not server or not token:
        raise NoServer(
            "No server is known. Start one with `gate up`, or name one: `gate login ADDRESS`, "
            "or the variables GATE_SERVER and GATE_TOKEN."
        )
    return server, token


def api() -> Api:
    return Api(*find_access())


def named(name: str) -> str:
    """What somebody typed as a name, as part of an address. Raises UsageError for what leads elsewhere."""
    if name in ("", ".", ".."):
        raise click.UsageError(f"{name!r} is not the name of anything here.")
    return quote(name, safe="")


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`: one JSON value, for machines."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")(command)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


@click.command()
@click.argument("address")
@click.option("--token", prompt="API token", hide_input=True, help="An API token; asked for if not given.")
def login(address: str, token: str) -> None:
    """Remember a server and your token, after trying them."""
    who = Api(address, token).get("/whoami")
    place = login_file()
    place.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)  # it may have been there
        json.dump({"address": address, "token": token}, file)
    click.echo(f"Signed in at {address} as {who['name']} ({', '.join(who['roles']) or 'no roles'}).")


@click.group()
def token() -> None:
    """API tokens: make, list, revoke."""


@token.command("create")
@click.argument("person")
@click.option("--role", "roles", multiple=True, help="A role besides those of the policy (administrators only).")
@click.option("--label", default="", help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="Valid for so many days; for ever without.")
@json_option
def create(person: str, roles: tuple[str, ...], label: str, days: int | None, as_json: bool) -> None:
    """Make a token for a person of the policy. It is shown once."""
    made = api().post("/tokens", person=person, roles=list(roles), label=label, days=days)
    if as_json:
        print_json(made)
    else:
        click.echo(made["secret"])
        click.echo(f"This token of {person} (id {made['id']}) is not shown again.", err=True)


@token.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """Show tokens; the secrets themselves are not kept."""
    found = api().get("/tokens")
    if as_json:
        return print_json(found)
    from staging_gate.cli.show import moment, table

    rows = [
        [t["id"], t["person"], moment(t["created_at"]), "revoked" if t["revoked_at"] else "", t["label"]] for t in found
    ]
    table(["id", "person", "since", "", "for"], rows, "No tokens.")


@token.command("revoke")
@click.argument("id")
def revoke(id: str) -> None:
    """End a token at once."""
    api().post(f"/tokens/{named(id)}/revoke")
    click.echo(f"Token {id} is revoked.")


def _readable(place: Path) -> bool:
    try:
        return place.is_file() and os.access(place, os.R_OK)
    except PermissionError:
        return False
