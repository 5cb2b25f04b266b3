"""The annotated example: documentation, source of the schema's descriptions, and what `gate init` writes."""

from functools import cache
from importlib.resources import files

from staging_gate.config.document import read_tree
from staging_gate.config.models import part_at
from staging_gate.config.tree import Path


def example_text() -> str:
    return (files(__package__) / "gate.example.yaml").read_text(encoding="utf-8")


@cache
def descriptions() -> dict[tuple[str, str], str]:
    """What each key means, by (model, key): the comment directly above its first use in the example."""
    text = example_text()
    lines = text.splitlines()
    found: dict[tuple[str, str], str] = {}
    for path, (line, _) in read_tree(text.encode()).keys.items():
        comment = _comment_above(lines, line - 1)
        if comment and (part := part_at(path[:-1])):
            found.setdefault((part.__name__, str(path[-1])), comment)
    return found


def meaning(path: Path) -> str:
    """The first sentence of what the example says about the key at `path`."""
    part = part_at(path[:-1])
    text = descriptions().get((part.__name__ if part else "", str(path[-1])), "")
    return text.split(". ")[0].rstrip(".")


def _comment_above(lines: list[str], at: int) -> str:
    comment: list[str] = []
    while at > 0 and lines[at - 1].lstrip().startswith("#"):
        at -= 1
        comment.insert(0, lines[at].lstrip().lstrip("#").strip())
    return " ".join(comment)
