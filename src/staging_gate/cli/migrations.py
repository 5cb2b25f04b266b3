"""`gate migrations`: what the proof of migrations found about a change or a release."""

import sys
from typing import Any

import click

from staging_gate.cli import show
from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.errors import FAILED
from staging_gate.cli.visible import escape

STYLES = {"error": "red", "warning": "yellow", "note": "dim"}


@click.command()
@click.argument("subject")
@json_option
def migrations(subject: str, as_json: bool) -> None:
    """Show what was found about the migrations of SUBJECT, a change or a release.

    \b
    gate migrations 12
    gate migrations v1.4.0

    Exit code 1 where errors were found.
    """
    found = api().get(f"/migrations/{named(subject)}")
    if as_json:
        print_json(found)
    else:
        _show(found)
    sys.exit(FAILED if any(_errors(each["report"]) for each in found["reports"]) else 0)


def _show(found: dict[str, Any]) -> None:
    if found["said"]:
        return click.echo(found["said"])
    if found["check"]:
        show.console().print(show.check_line(found["check"]).lstrip())
    for shown in found["reports"]:
        _report(shown)


def _report(shown: dict[str, Any]) -> None:
    report = shown["report"]
    show.console().print(f"[bold]{escape(shown['head'])}[/]")
    for path in report["new"]:
        show.indented(f"new: {path}")
    for rows in report["rows"]:
        show.indented(f"rows of {rows['table']}: {rows['before']:,} before, {rows['after']:,} after")
    columns = ["severity", "rule", "where", "what"]
    found = report["findings"]
    rows_of = [[_weight(each), each["code"], f"{each['path']}:{each['line']}", each["what"]] for each in found]
    show.table(columns, rows_of, "  nothing found")
    for finding, said in zip(found, shown["said"], strict=True):
        _advice(finding, said)
    for line in report["unknown"]:
        show.indented(f"not known: {line}", 2, "dim")
    for line in shown["idle"]:
        show.indented(line, 2, "yellow")


def _advice(finding: dict[str, Any], said: list[str]) -> None:
    style = "dim" if finding["exempted"] else STYLES[finding["severity"]]
    show.console().print(f"[{style}]{finding['code']}[/]  {escape(finding['path'])}:{finding['line']}")
    for line in said:
        show.indented(line, 4, "bold")
    show.indented(finding["why"], 4, "dim")
    show.indented(f"-> {finding['instead']}", 4)


def _weight(finding: dict[str, Any]) -> str:
    return "exempted" if finding["exempted"] else str(finding["severity"])


def _errors(report: dict[str, Any]) -> bool:
    return any(each["severity"] == "error" and not each["exempted"] for each in report["findings"])
