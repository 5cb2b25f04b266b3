"""Every `gate ...` in a document is a verb that there is, with options that it has."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from staging_gate.cli.main import gate
from tests.house.sources import ROOT

LAUNCHER = {"test", "lint", "lock", "bench"}  # of ./gate alone
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
COMMAND = re.compile(r"(?:\./)?gate ((?:[a-z][a-z-]*)(?: [^`\n#|]*)?)")


def commands(page: Path) -> Iterator[tuple[int, str]]:
    """Line and words of what begins a line of a block, or stands in backquotes."""
    in_block = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            in_block = not in_block
        quoted = [line.strip()] if in_block else re.findall(r"`([^`]+)`", line)
        for words in quoted:
            if found := COMMAND.match(words):
                yield number, found[1].strip()


def wrong(words: str) -> str:
    """What is wrong with a command line, or nothing. `a|b` names two verbs, `...` says that something follows."""
    try:
        given = shlex.split(words)
    except ValueError:
        given = words.split()
    command: click.Command = gate
    context = click.Context(gate)
    while isinstance(command, click.Group):
        name = given.pop(0) if given else "..."
        if name in ("...", "ARGS") or (command is gate and name in LAUNCHER) or name.startswith("-"):
            return ""
        try:
            _, found, given = command.resolve_command(context, [name.split("|")[0], *given])
        except click.UsageError:
            found = None
        if found is None:
            return f"there is no verb {name}"
        command = found
    if command.context_settings.get("ignore_unknown_options"):
        return ""
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    unknown = [
        word for word in given if word.startswith("--") and len(word) > 2 and word.partition("=")[0] not in known
    ]
    return f"{command.name} has no {unknown[0]}" if unknown else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_is_one(page: Path) -> None:
    if page.name in ("cli.md", "CHANGELOG.md"):  # made from the verbs; in shorthand
        return
    found = [f"{page.name}:{line}: gate {words}: {said}" for line, words in commands(page) if (said := wrong(words))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("relase open", "there is no verb relase"),
        ("release puplish v1", "there is no verb puplish"),
        ("rollback v1 --resaon x", "rollback has no --resaon"),
        ("deployment follow staging-1", ""),
    ],
)
def test_a_planted_mistake_is_found(words: str, said: str) -> None:
    assert wrong(words) == said
