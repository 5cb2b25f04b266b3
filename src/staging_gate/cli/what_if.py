"""`gate what-if`: what the gate would say at another moment, to somebody else, under other rules."""

import sys
from pathlib import Path
from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.errors import REFUSED
from staging_gate.messages.decisions import headline


@click.command("what-if")
@click.argument("subject", nargs=-1, required=True)
@click.option("--at", help="A moment: `fri 15:00`, `+3d`, 2026-12-24 10:00; in the policy's time zone.")
@click.option("--actor", metavar="NAME", help="Somebody else; `calendar` is what goes by itself.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another gate.yaml instead of main's. It is read and thrown away.",
)
@click.option("--action", help="Another act than the next one: merge, deploy, publish, approve, bypass, hold, ...")
@click.option("--as", "role", default="review", help="The role of an approval.")
@click.option("--code", default="", help="The reason that a bypass is for.")
@json_option
def what_if(
    subject: tuple[str, ...],
    at: str | None,
    actor: str | None,
    policy: Path | None,
    action: str | None,
    role: str,
    code: str,
    as_json: bool,
) -> None:
    """What the gate would say then. Nothing is done, and nothing is stored.

    \b
    gate what-if v1.4.0 --at "fri 15:00"
    gate what-if 12 --actor ada --action approve
    gate what-if v1.4.0 --policy next-year.yaml --at 2027-01-04

    Approvals given under the rules in force count as if given under those of the file.
    """
    answer = api().post(
        "/what-if",
        subject=" ".join(subject),
        at=at,
        actor=actor,
        policy=policy.read_text(errors="replace") if policy else None,
        action=action.replace("-", "_").replace(" ", "_") if action else None,
        role=role,
        code=code,
    )
    if as_json:
        print_json(answer)
    else:
        click.secho(answer["said"], fg="magenta", bold=True)
        show.decision(answer["decision"])
        click.echo(f"In fact, for you and now: {_said(answer['present'])}")
    sys.exit(REFUSED if answer["decision"]["reasons"] else 0)


def _said(decision: dict[str, Any]) -> str:
    return headline(decision["action"], decision["actor"], len(decision["reasons"]), len(decision["bypassed"]))
