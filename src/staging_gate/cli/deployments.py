"""`gate deployment ...`, `redeploy`, `rollback`, `hold`: what runs where, and the way back (Procedure 4)."""

import sys
from datetime import timedelta
from typing import Any

import click

from staging_gate.cli import following, show
from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.errors import FAILED, Failed
from staging_gate.cli.lengths import LENGTH

ENVIRONMENT = click.Choice(["staging", "production"])


@click.group()
def deployment() -> None:
    """Deployments: list, show, follow, cancel, logs."""


@deployment.command("list")
@click.option("--environment", type=ENVIRONMENT, help="Only this one.")
@json_option
def list_deployments(environment: str | None, as_json: bool) -> None:
    """Show recent deployments, newest first."""
    found = api().get("/deployments", environment=environment)
    if as_json:
        return print_json(found)
    rows = [[d["id"], show.plain_state(d), show.revision(d), d["requested_by"], d["why"]] for d in found]
    show.table(["id", "state", "what", "by", "why"], rows, "No deployments yet.")


@deployment.command("show")
@click.argument("id")
@json_option
def show_deployment(id: str, as_json: bool) -> None:
    """Show a deployment: its steps and what went wrong.

    With the times that they took, and what the runbook expects.
    """
    timeline = api().get(f"/deployments/{named(id)}")
    print_json(timeline) if as_json else show.deployment(timeline)


@deployment.command("follow")
@click.argument("id", required=False)
@click.option("--commit", metavar="SHA", help="Instead of ID: the deployment of this commit to staging.")
@click.option("--release", metavar="TAG", help="Instead of ID: the deployment of this release to production.")
@click.option("--within", type=LENGTH, default="15m", show_default=True, help="So long, until it is asked for.")
@json_option
def follow(id: str | None, commit: str | None, release: str | None, within: timedelta, as_json: bool) -> None:
    """Follow a deployment to its end; exit 1 unless it succeeds.

    By commit or release, it is waited for, and where a newer one superseded it, that one is followed.
    """
    if sum(given is not None for given in (id, commit, release)) != 1:
        raise click.UsageError("Name one deployment: its ID, --commit or --release.")
    if id is not None:
        return follow_to_the_end(id, as_json)
    begun = following.awaited(api(), commit, release, within)
    end = _followed(begun["id"], as_json)
    while end["deployment"]["state"] == "superseded":
        instead = following.awaited(api(), commit, release, within)
        if instead["id"] == begun["id"]:
            break
        begun = instead
        end = _followed(begun["id"], as_json)
    _ended(end, as_json)


@deployment.command("cancel")
@click.argument("id")
def cancel(id: str) -> None:
    """Stop a deployment before its traffic moves."""
    now = api().post(f"/deployments/{named(id)}/cancel")
    click.echo(f"{id} is cancelled." if now["state"] == "aborted" else f"{id} stops at its next step.")


@deployment.command("log")
@click.argument("ref")
def log(ref: str) -> None:
    """Print a captured log.

    Such as `staging-3/build-api`, `staging-3/smoke-public-api`, `checks/TREE/NAME`.
    """
    empty = True
    for text in following.log(api(), ref, lambda: False):
        click.echo(text, nl=False)
        empty = False
    if empty:
        raise Failed(f"There is no log {ref}, or nothing was written to it. `gate deployment show` names the steps.")


@click.command()
@click.argument("environment", type=ENVIRONMENT)
@click.option("--wait", is_flag=True, help="Follow it to its end.")
@json_option
def redeploy(environment: str, wait: bool, as_json: bool) -> None:
    """Deploy again what an environment ought to run.

    After a repair, with a new secret, or when staging was just imported.
    """
    _begun(api().post("/redeploy", environment=environment), wait, as_json)


@click.command()
@click.argument("tag", required=False)
@click.option("--back", type=click.IntRange(1, 1000), help="Instead of TAG: so many verified releases back.")
@click.option("--through-provider", is_flag=True, help="By the provider's own way back; no candidate is proved first.")
@click.option("--switch-only", is_flag=True, help="The traffic alone, at your own risk: the database stays as it is.")
@click.option("--accept-data-loss", is_flag=True, help="Downgrade the database, whatever that throws away.")
@click.option("--reason", required=True, help="Why; it goes on the record.")
@click.option("--wait/--no-wait", default=True, help="Follow it to its end.")
@json_option
def rollback(tag: str | None, wait: bool, as_json: bool, **how: Any) -> None:
    """Take production back to an earlier release (Procedure 4).

    To TAG, or to the last verified release that is not in quarantine. No hold, window or freeze stops this. The
    database stays or is downgraded first, as it was proved; before data is lost, and where nothing is known, you are
    asked to say how (`gate explain rollback`). If it does not succeed, it is tried once more with the kept build
    started anew; then a P0 incident calls a person.
    """
    begun = api().post("/rollback", to=tag, **how)
    if not wait:
        return _begun(begun, wait, as_json)
    end = _followed(begun["id"], as_json)
    if second := _second_try(end["deployment"]):
        if not as_json:
            click.echo(f"{begun['id']} did not succeed. {second} tries once more, with the kept build started anew.")
        end = _followed(second, as_json)
    _ended(end, as_json)


@click.group()
def hold() -> None:
    """Holds: a person's stop on promotions. Rollbacks are never held."""


@hold.command("set")
@click.option("--environment", type=ENVIRONMENT, default="production", show_default=True)
@click.option("--reason", required=True, help="Why nothing may be promoted.")
@json_option
def set_hold(environment: str, reason: str, as_json: bool) -> None:
    """Stop promotions to an environment."""
    made = api().post("/holds", environment=environment, reason=reason)
    if as_json:
        return print_json(made)
    click.echo(f"Promotions to {environment} are held ({made['id']}).")
    click.echo(f'To undo it: `gate hold lift {made["id"]} --reason "..."`')


@hold.command("list")
@json_option
def list_holds(as_json: bool) -> None:
    """Show the holds in force, and what is in quarantine."""
    found = {"holds": api().get("/holds"), "quarantines": api().get("/releases")["quarantines"]}
    if as_json:
        return print_json(found)
    since = [[h["id"], h["environment"], h["by"], show.moment(h["at"]), h["reason"]] for h in found["holds"]]
    show.table(["id", "environment", "by", "since", "reason"], since, "Nothing is held.")
    bad = [[q["tag"], q["by"], show.moment(q["at"]), q["reason"]] for q in found["quarantines"]]
    show.table(["in quarantine", "by", "since", "reason"], bad, "Nothing is in quarantine.")


@hold.command("lift")
@click.argument("id")
@click.option("--reason", required=True, help="Why promotions may go on.")
@json_option
def lift(id: str, reason: str, as_json: bool) -> None:
    """Lift a hold, by name and with a reason."""
    lifted = api().post(f"/holds/{named(id)}/lift", reason=reason)
    if as_json:
        return print_json(lifted)
    click.echo(f"{id} is lifted.")


def follow_to_the_end(id: str, as_json: bool) -> None:
    """Exit 1 unless the deployment succeeds."""
    _ended(_followed(id, as_json), as_json)


def _followed(id: str, as_json: bool) -> dict[str, Any]:
    """Its timeline at the end; shown on the way where nobody wants JSON."""
    if as_json:
        return following.last_of(api(), f"/deployments/{named(id)}/follow")
    return following.follow_deployment(api(), id)


def _ended(timeline: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(timeline)
    if timeline["deployment"]["state"] != "succeeded":
        sys.exit(FAILED)


def _second_try(first: dict[str, Any]) -> str | None:
    """The rollback that goes on by itself where this one did not succeed."""
    if first["state"] not in ("failed", "errored"):
        return None
    recent = api().get("/deployments", environment=first["environment"])
    return next((str(one["id"]) for one in recent if one["retries"] == first["id"]), None)


def _begun(begun: dict[str, Any], wait: bool, as_json: bool) -> None:
    if wait:
        return follow_to_the_end(begun["id"], as_json)
    if as_json:
        return print_json(begun)
    click.echo(f"{begun['id']}: {begun['why']}. `gate deployment follow {begun['id']}`")
