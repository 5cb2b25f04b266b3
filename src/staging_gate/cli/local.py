"""Verbs that work on this machine's own state: up, down, demo."""

import os
import sys
from pathlib import Path

import click

STATE = click.option(
    "--state", type=click.Path(file_okay=False, path_type=Path), help="The folder that holds everything [GATE_STATE]."
)


@click.command()
@STATE
@click.option("--port", type=click.IntRange(1, 65535), help="Of the board, the API and git [GATE_PORT, 7070].")
def up(state: Path | None, port: int | None) -> None:
    """Start the server: board, API, git and the engine.

    Services go on when it stops; the next `gate up` adopts them, and `gate down` stops everything.
    """
    from staging_gate.bootstrap.settings import BadSetting, Settings

    try:
        settings = Settings.read(state=state, port=port)
    except BadSetting as bad:
        raise click.UsageError(str(bad)) from bad
    given = {"GATE_STATE": str(settings.state), "GATE_PORT": str(settings.port)}
    os.execve(sys.executable, [sys.executable, "-P", "-m", "staging_gate.server"], {**os.environ, **given})


@click.command()
@STATE
def down(state: Path | None) -> None:
    """Stop the services, proxies and server of this installation."""
    from staging_gate.bootstrap.settings import Settings
    from staging_gate.bootstrap.shutdown import stop_everything

    stopped = stop_everything(Settings.read(state=state))
    click.echo(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.pass_context
def demo(ctx: click.Context) -> None:
    """Play the whole runbook on this machine: `gate demo --help`."""
    from importlib import import_module

    # By name: the demo stands above this face and uses it from outside, as a person would.
    import_module("staging_gate.demo.main").demo(ctx.args, prog_name="gate demo")
