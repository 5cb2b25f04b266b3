"""What stands in a gate.yaml: plain values, the place of each key and value, and the problems found so far."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = tuple[int, int]
Value: TypeAlias = "str | Plain | list[Value] | dict[str, Value]"

ANY = "*"
"""In patterns: every key of a mapping."""
EACH = "[]"
"""In patterns: every item of a list."""


@dataclass(frozen=True)
class Plain:
    """An unquoted scalar that YAML 1.2 does not read as text; `text` is what was written (`010`, `true`, ``)."""

    text: str
    kind: Literal["nothing", "number", "truth value"]

    @property
    def whole(self) -> int | None:
        """The number, where it is a decimal whole one of at most nine digits: `010` is ten, as YAML 1.2 says."""
        return int(self.text) if re.fullmatch(r"[-+]?[0-9]{1,9}", self.text) else None


@dataclass(frozen=True, order=True)
class Problem:
    """Lines and columns count from 1. `path` is empty for what concerns the whole file."""

    line: int
    column: int
    path: str
    text: str

    def shown(self, name: str) -> str:
        path = f"{self.path}: " if self.path else ""
        return f"{name}:{self.line}:{self.column}: {path}{self.text}"


@dataclass
class Tree:
    """`keys` has the place of the key that leads to a path, `values` the place of what stands there."""

    root: Value
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def find(self, *pattern: str) -> Iterator[tuple[Path, Value]]:
        """Whatever stands at the pattern of keys, ANY and EACH; nothing where the shape is another."""
        found: list[tuple[Path, Value]] = [((), self.root)]
        for step in pattern:
            found = [item for path, value in found for item in _below(path, value, step)]
        yield from found

    def names(self, *pattern: str) -> list[str]:
        """The keys of the mapping at the pattern; none where there is no mapping."""
        return [str(path[-1]) for path, _ in self.find(*pattern, ANY) if path in self.keys]

    def problem(self, path: Path, text: str) -> Problem:
        """A problem with the value at `path`."""
        return Problem(*self.values[path], shown_path(path), text)

    def key_problem(self, path: Path, text: str) -> Problem:
        """A problem with the key that leads to `path`; with the value, where no key does."""
        return Problem(*self.keys.get(path, self.values[path]), shown_path(path), text)


def found(value: object) -> str:
    """What a person wrote, for a message. Never for values that may be secret."""
    if isinstance(value, str):
        return f"the text {quoted(value)}" if value else "an empty text"
    if isinstance(value, Plain):
        return "nothing" if value.kind == "nothing" else f"the {value.kind} {value.text[:40]}"
    return shape(value)


def shape(value: object) -> str:
    """What sort of thing it is, without its content."""
    if isinstance(value, Plain):
        return "nothing" if value.kind == "nothing" else f"a {value.kind}"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else "text"


def quoted(text: str) -> str:
    """In double quotes, on one line, at most 40 characters of it."""
    return json.dumps(text if len(text) <= 40 else text[:37] + "...", ensure_ascii=not text.isprintable())


def shown_path(path: Path) -> str:
    """`services.api.smoke.command[2]`; a key with other characters stands in quotes."""
    shown = ""
    for step in path:
        if isinstance(step, int):
            shown += f"[{step}]"
        else:
            shown += "." * bool(shown) + (step if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", step) else quoted(step))
    return shown


def _below(path: Path, value: Value, step: str) -> Iterator[tuple[Path, Value]]:
    if isinstance(value, dict):
        for key in value if step == ANY else (step,) if step in value else ():
            yield (*path, key), value[key]
    elif isinstance(value, list) and step == EACH:
        for index, item in enumerate(value):
            yield (*path, index), item
