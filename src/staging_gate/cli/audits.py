"""`gate audit ...`: the record, and whether somebody tampered with it."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from staging_gate.cli.access import api, json_option, print_json
from staging_gate.cli.errors import FAILED


@click.group()
def audit() -> None:
    """The record: show, export, verify."""


@audit.command("show")
@click.argument("subject", required=False)
@json_option
def show_record(subject: str | None, as_json: bool) -> None:
    """Print the record, or what it says about SUBJECT (`change 3`, `v1.2.0`, `production-4`)."""
    for line in api().text("/audit", about=subject).splitlines():
        entry = json.loads(line)
        reason = f": {entry['reason']}" if entry["reason"] else ""
        said = f"{entry['seq']:>6} {entry['at'][:19]} {entry['actor']:<14} {entry['action']} {entry['subject']}{reason}"
        click.echo(line if as_json else said)


@audit.command("export")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output without.")
def export(output: Path | None) -> None:
    """Write the whole record as JSON lines; `gate audit verify FILE` checks it anywhere."""
    text = api().text("/audit")
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text)
        click.echo(f"{len(text.splitlines())} entries written to {output}.")


@audit.command("verify")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def verify(file: Path | None, as_json: bool) -> None:
    """Check every hash of the chain, on the server or in an exported FILE; names the first bad entry.

    On the server, what the release tags remember of the record is compared too: one that was rewritten as a whole
    follows from itself.
    """
    report = _verify_file(file) if file else api().get("/audit/verify")
    if as_json:
        print_json(report)
    elif report["intact"]:
        tags = f", as {report['anchors']} release tags remember it" if report["anchors"] else ""
        click.echo(f"The record is intact{tags}: {report['entries']} entries, head {report['head']}.")
    else:
        click.echo(f"The record was tampered with at entry {report['broken_at']}: {report['why']}.", err=True)
    sys.exit(0 if report["intact"] else FAILED)


def _verify_file(file: Path) -> dict[str, Any]:
    from staging_gate.domain.audit import verify_chain
    from staging_gate.queries.plain import plain

    report = verify_chain(_entries(file))
    return {**plain(report), "intact": report.intact}


def _entries(file: Path) -> Iterator[Any]:
    from staging_gate.domain.audit import AuditEntry

    with file.open() as lines:
        for number, line in enumerate(lines, 1):
            try:
                raw = json.loads(line)
                yield AuditEntry(**{**raw, "at": datetime.fromisoformat(raw["at"])})
            except (ValueError, TypeError, KeyError) as error:
                raise click.UsageError(f"{file}:{number}: this is no entry of a record ({error}).") from error
