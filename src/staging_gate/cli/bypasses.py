"""`gate bypass ...`: pass one reason of a closed gate, once, on the record."""

from datetime import timedelta

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.lengths import LENGTH


class GiveIsMeant(click.Group):
    """`gate bypass v1.4.0 CODE` is `gate bypass give v1.4.0 CODE`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["give", *args])


@click.group(cls=GiveIsMeant)
def bypass() -> None:
    """Pass one reason of a closed gate, once.

    \b
    gate bypass v1.4.0 freeze --reason "..."   the same as `gate bypass give`
    """


@bypass.command("give")
@click.argument("subject")
@click.argument("code")
@click.option("--reason", required=True, help="Why it can not wait; it goes on the record and is reviewed.")
@click.option("--for", "lasts", type=LENGTH, default="4h", show_default=True, help="How long; 72h at most.")
@json_option
def give(subject: str, code: str, reason: str, lasts: timedelta, as_json: bool) -> None:
    """Let the reason CODE of SUBJECT be passed once.

    SUBJECT is a change (12), a release (v1.4.0) or its deployment; `gate explain SUBJECT` shows the codes, and which of
    them who may bypass. It needs a tech lead who had no hand in the code, and is bound to that code. A release is
    carried through to production by it.
    """
    given = api().post("/bypasses", subject=subject, code=code, reason=reason, seconds=int(lasts.total_seconds()))
    if as_json:
        return print_json(given)
    one = given["bypass"]
    until = show.moment(one["expires_at"])
    click.echo(f"{one['code']} of {one['subject']} can be passed once until {until} ({one['id']}).")
    click.echo(f"It is on the record. To take it back: `gate bypass withdraw {one['id']}`")


@bypass.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that were used, withdrawn or are over.")
@json_option
def list_bypasses(every: bool, as_json: bool) -> None:
    """Show the bypasses in force."""
    found = api().get("/bypasses", every=every)
    if as_json:
        return print_json(found)
    rows = [[one["bypass"]["id"], one["said"]] for one in found]
    show.table(["id", "what"], rows, "No bypasses." if every else "No bypass is in force.")


@bypass.command("withdraw")
@click.argument("id")
@json_option
def withdraw(id: str, as_json: bool) -> None:
    """Take a bypass back before it is used."""
    now = api().post(f"/bypasses/{named(id)}/withdraw")
    print_json(now) if as_json else click.echo(f"{id} is withdrawn.")
