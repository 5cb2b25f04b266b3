"""`gate report`: the draft of an incident report."""

import click

from staging_gate.cli.access import api, json_option, named, print_json
from staging_gate.cli.visible import visible


@click.command()
@click.argument("subject", nargs=-1, required=True)
@json_option
def report(subject: tuple[str, ...], as_json: bool) -> None:
    """Draft an incident report from the record, as Markdown.

    \b
    gate report production-3   a rollback, or what was taken back
    gate report incident 2     an incident
    """
    found = api().get(f"/reports/{named(' '.join(subject))}")
    if as_json:
        return print_json(found)
    click.echo(visible(found["markdown"]), nl=False)
