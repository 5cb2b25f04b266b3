"""`gate policy ...`: gate.yaml, checked here without a server."""

from pathlib import Path

import click

from staging_gate.cli.access import api, print_json


@click.group()
def policy() -> None:
    """The policy: check a gate.yaml, show the one in force."""


@policy.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default="gate.yaml")
def check(file: Path) -> None:
    """Check a gate.yaml; every problem at once, exit 2 if there is one."""
    from staging_gate.config import YamlPolicyReader
    from staging_gate.ports.policy import PolicyProblems

    try:
        read = YamlPolicyReader().read(file.read_bytes(), str(file))
    except PolicyProblems as broken:
        for problem in broken.problems:
            click.echo(problem, err=True)
        raise SystemExit(2) from broken
    click.echo(f"{file} is fine: {read.product}, with {', '.join(service.name for service in read.services)}.")


@policy.command("show")
def show_policy() -> None:
    """Print the policy in force (main's) as JSON."""
    print_json(api().get("/policy"))


@policy.command("schema")
def schema() -> None:
    """Print the JSON Schema of gate.yaml, for editors."""
    from staging_gate.config.schema import json_schema

    print_json(json_schema())
