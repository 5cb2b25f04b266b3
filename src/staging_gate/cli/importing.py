"""`gate init`: a gate.yaml from what is in the repository, or the annotated example where nothing is."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from staging_gate.cli.access import json_option, print_json
from staging_gate.cli.errors import Failed


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--output", metavar="FILE", help="Another file than FOLDER/gate.yaml; - prints it and writes nothing.")
@click.option("--force", is_flag=True, help="Write over a gate.yaml that is there.")
@json_option
def init(folder: Path, output: str | None, force: bool, as_json: bool) -> None:
    """Write a gate.yaml into FOLDER, drafted from what is there.

    Read are render.yaml, vercel.json, package.json, Procfile, alembic.ini, manage.py and .github/workflows. Each line
    says where it comes from; values of variables become references. What only you know is marked, and named afterwards.
    Where there is nothing to read, it is the annotated example.
    """
    from staging_gate.config import example_text, importing

    place = Path(output) if output and output != "-" else folder / "gate.yaml"
    if output != "-" and place.exists() and not force:
        raise Failed(f"{place} is there already; --force writes over it. `--output -` prints what would be written.")
    found = importing.find(folder)
    text = importing.written(found) if found.services else example_text()
    if output != "-":
        place.write_text(text)
    told = _told(found, text, place, output != "-")
    if as_json:
        return print_json(told)
    if output == "-":
        return click.echo(text, nl=False)
    _say(told, place)


def _told(found: Any, text: str, place: Path, is_written: bool) -> dict[str, Any]:
    return {
        "file": str(place) if is_written else None,
        "product": found.product if found.services else None,
        "repository": found.repository,
        "services": [{"name": one.name, "where": one.where} for one in found.services],
        "found": [asdict(one) for one in found.findings],
        "checks": [asdict(one) for one in found.checks],
        "unread": found.unread,
        "missing": _missing(text, place) if found.services else [],
    }


def _say(told: dict[str, Any], place: Path) -> None:
    for problem in told["unread"]:
        click.echo(f"gate: {problem}", err=True)
    for one in told["found"]:
        click.echo(f"{one['where']}: {one['what']}")
    if not told["services"]:
        click.echo(f"{place} is written: the annotated example, as no service was found here.")
        click.echo(f"Adapt it, then `gate policy check {place}`.")
        return
    click.echo(f"{place} is written, with {', '.join(one['name'] for one in told['services'])}.")
    if told["missing"]:
        click.echo("Still missing, as only you know it:")
    for line in told["missing"]:
        click.echo(f"  {line}")
    click.echo(f"Read it line by line, then `gate policy check {place}`.")


def _missing(text: str, place: Path) -> list[str]:
    from staging_gate.config import YamlPolicyReader
    from staging_gate.ports.policy import PolicyProblems

    try:
        YamlPolicyReader().read(text.encode(), str(place))
    except PolicyProblems as broken:
        return list(broken.problems)
    return []
