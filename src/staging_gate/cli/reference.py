"""Writes docs/reference/cli.md from the commands themselves: `python -m staging_gate.cli.reference docs/reference`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from staging_gate.cli.main import gate

HEAD = """# The command line

Written by `python -m staging_gate.cli.reference docs/reference` from the commands' own help; a test keeps it current.

Exit codes: 0 done, 1 failed, 2 wrong use or a broken policy, 3 refused by the gate (reasons are printed).
Where the server is and who you are: `gate login`, or the variables `GATE_SERVER` and `GATE_TOKEN`, or the file that
`gate up` writes into its state folder.
"""


def page() -> str:
    return HEAD + "".join(_section(context) for context in _commands(_root()))


def _root() -> click.Context:
    """As in an invocation: the names of the help option are inherited from here, and kept by each command."""
    return click.Context(gate, info_name="gate", **gate.context_settings)


def _commands(context: click.Context) -> Iterator[click.Context]:
    command = context.command
    if not isinstance(command, click.Group):
        yield context
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from _commands(click.Context(found, info_name=name, parent=context))


def _section(context: click.Context) -> str:
    with context.scope(cleanup=False):
        text = context.command.get_help(
            click.Context(context.command, context.parent, context.info_name, max_content_width=100)
        )
    return f"\n## {context.command_path}\n\n```\n{text}\n```\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) / "cli.md").write_text(page())
