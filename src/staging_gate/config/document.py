"""From bytes to a tree: a careful YAML 1.2.

Read with PyYAML's event parser and resolved here, by the core schema of YAML 1.2: `no`, `on` and `16:00` are text and
`010` is ten. Refused: duplicate keys, tags, merge keys, a second document, and whatever would cost without end (size,
depth, aliases that multiply).
"""

import re
from typing import Any

import yaml

from staging_gate.config.tree import Path, Place, Plain, Problem, Tree, Value, shape, shown_path

MOST_BYTES = 256 * 1024
MOST_DEPTH = 20
MOST_VALUES = 10_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# The other line breaks of YAML 1.1 (NEL, LS, PS) are left out as well: with them, editors would count other lines.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_NOTHING = re.compile(r"(?:null|Null|NULL|~|)\Z")
_TRUTH = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_NUMBER = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)


class Unreadable(Exception):
    """Nothing can be said beyond this one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def read_tree(source: bytes) -> Tree:
    """Parse; what can be told apart from the rest is in the tree's `problems`. Raises Unreadable."""
    text = _decoded(source)
    lines = _LINE_BREAK.split(text.rstrip("\r\n"))
    return _Building(_events(text, lines), lines).tree()


def scalar(text: str) -> str | Plain:
    """An unquoted scalar by the core schema of YAML 1.2."""
    if _NOTHING.match(text):
        return Plain(text, "nothing")
    if _TRUTH.match(text):
        return Plain(text, "truth value")
    return Plain(text, "number") if _NUMBER.match(text) else text


class _Building:
    """One walk over the events. An alias is read by walking over the events of its anchor again."""

    def __init__(self, events: list[yaml.Event], lines: list[str]) -> None:
        self._events = events
        self._lines = lines
        self._anchors: dict[str, int] = {}
        self._count = self._size = 0
        self._tree = Tree(root={}, values={(): (1, 1)})

    def tree(self) -> Tree:
        starts = [at for at, event in enumerate(self._events) if isinstance(event, yaml.DocumentStartEvent)]
        if len(starts) > 1:
            raise self._unreadable(starts[1], "wanted one document, found a second one after ---")
        if starts:
            self._tree.root, _ = self._value(starts[0] + 1, ())
        self._wants_mapping(self._tree.root)
        return self._tree

    def _wants_mapping(self, root: Value) -> None:
        if root == {} or (isinstance(root, Plain) and root.kind == "nothing"):
            problem = Problem(1, 1, "", "the file is empty; `gate init` writes an annotated example")
        elif not isinstance(root, dict):
            wanted = "wanted a mapping that begins with a key such as `product:`"
            problem = Problem(*self._tree.values[()], "", f"{wanted}, found {shape(root)}")
        else:
            return
        raise Unreadable(self._tree.problems[0] if self._tree.problems else problem)

    def _value(self, at: int, path: Path) -> tuple[Value, int]:
        """The value that begins with event `at`, and the number of the event after it."""
        event = self._events[at]
        self._limit(at, path)
        self._tree.values[path] = self._place(event)
        if getattr(event, "tag", None) is not None:
            text = "tags (`!...`) are not read; put the value in quotes to make it text"
            self._tree.problems.append(self._tree.problem(path, text))
        value, following = self._content(event, at, path)
        if isinstance(event, yaml.NodeEvent) and not isinstance(event, yaml.AliasEvent) and event.anchor:
            self._anchors[event.anchor] = at
        return value, following

    def _content(self, event: Any, at: int, path: Path) -> tuple[Value, int]:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(at + 1, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(at + 1, path)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path), at + 1
        return (scalar(event.value) if event.implicit[0] else event.value), at + 1

    def _mapping(self, at: int, path: Path) -> tuple[Value, int]:
        mapping: dict[str, Value] = {}
        while not isinstance(self._events[at], yaml.MappingEndEvent):
            key, problem = self._key(at, path, mapping)
            if problem:
                self._tree.problems.append(problem)
                at = self._after(at + 1)
            else:
                self._tree.keys[*path, key] = self._place(self._events[at])
                mapping[key], at = self._value(at + 1, (*path, key))
        return mapping, at + 1

    def _key(self, at: int, path: Path, mapping: dict[str, Value]) -> tuple[str, Problem | None]:
        event: Any = self._events[at]
        self._limit(at, path)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._unreadable(at, "wanted plain text as a key; put a text that begins with *, [ or { in quotes")
        key, place = event.value, self._place(event)
        if key in mapping:
            first = self._tree.keys[*path, key][0]
            return key, Problem(*place, shown_path((*path, key)), f"the key is there twice, first on line {first}")
        if key == "<<":
            return key, Problem(*place, shown_path((*path, key)), "merge keys are not read; write the keys out")
        return key, None

    def _list(self, at: int, path: Path) -> tuple[Value, int]:
        items: list[Value] = []
        while not isinstance(self._events[at], yaml.SequenceEndEvent):
            item, at = self._value(at, (*path, len(items)))
            items.append(item)
        return items, at + 1

    def _alias(self, event: Any, path: Path) -> Value:
        if event.anchor in self._anchors:
            return self._value(self._anchors[event.anchor], path)[0]
        text = "wanted an anchor (`&name`) above this alias, found none; put a text that begins with * in quotes"
        self._tree.problems.append(self._tree.problem(path, text))
        return Plain("", "nothing")

    def _after(self, at: int) -> int:
        """The number of the event after the value that begins with event `at`."""
        depth = 0
        while True:
            depth += _step(self._events[at])
            at += 1
            if depth == 0:
                return at

    def _limit(self, at: int, path: Path) -> None:
        self._count += 1
        self._size += len(getattr(self._events[at], "value", ""))
        if len(path) > MOST_DEPTH:
            raise self._unreadable(at, _TOO_DEEP)
        if self._count > MOST_VALUES or self._size > MOST_BYTES:
            most = f"{MOST_VALUES} keys and values, {MOST_BYTES // 1024} KB of text"
            raise self._unreadable(at, f"wanted at most {most} with all aliases written out, found more")

    def _unreadable(self, at: int, text: str) -> Unreadable:
        return Unreadable(Problem(*self._place(self._events[at]), "", text))

    def _place(self, event: yaml.Event) -> Place:
        return _place(event.start_mark, self._lines)


def _decoded(source: bytes) -> str:
    if len(source) > MOST_BYTES:
        text = f"wanted at most {MOST_BYTES // 1024} KB, found {len(source) // 1024} KB"
        raise Unreadable(Problem(1, 1, "", text))
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _end(source[: error.start].decode("utf-8", errors="replace").removeprefix("\ufeff"))
        byte = source[error.start]
        problem = Problem(line, column, "", f"wanted UTF-8, found the byte 0x{byte:02x}; save the file as UTF-8")
        raise Unreadable(problem) from None
    if bad := _FORBIDDEN.search(text):
        line, column = _end(text[: bad.start()])
        code = f"U+{ord(bad.group()):04X}"
        raise Unreadable(Problem(line, column, "", f"found the invisible character {code}; remove it"))
    return text


def _end(text: str) -> Place:
    lines = _LINE_BREAK.split(text)
    return len(lines), len(lines[-1]) + 1


def _events(text: str, lines: list[str]) -> list[yaml.Event]:
    """All events of the text. The depth is looked at on the way: the parser takes minutes for a file of brackets."""
    events: list[yaml.Event] = []
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            events.append(event)
            depth += _step(event)
            if depth > MOST_DEPTH:
                raise Unreadable(Problem(*_place(event.start_mark, lines), "", _TOO_DEEP))
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax_problem(error, lines)) from None
    return events


def _step(event: yaml.Event) -> int:
    return isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)


def _place(mark: Any, lines: list[str]) -> Place:
    """Where the parser means the end of the file, the end of its last line."""
    if mark.line >= len(lines):
        return len(lines), len(lines[-1]) + 1
    return mark.line + 1, min(mark.column, len(lines[mark.line])) + 1


def _syntax_problem(error: yaml.MarkedYAMLError, lines: list[str]) -> Problem:
    mark = error.context_mark if error.context == "while scanning a quoted scalar" else error.problem_mark
    line, column = _place(mark or error.context_mark, lines)
    return Problem(line, column, "", _syntax_text(error, lines[line - 1], column - 1))


def _syntax_text(error: yaml.MarkedYAMLError, line: str, column: int) -> str:
    """The parser's complaint in words that help. Nothing of the line is quoted but one character: it may be secret."""
    said = error.problem or ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "wanted spaces, found a tab in the indentation"
    if "cannot start any token" in said and column < len(line):
        return f"unquoted text can not begin with {line[column]}; put it in quotes"
    if "mapping values are not allowed" in said:
        inside = ": " in line[:column]
        return _SECOND_COLON if inside else _INDENTATION
    if "',' or" in said:
        closing = "]" if "']'" in said else "}"
        opened = f", to close what line {error.context_mark.line + 1} opens" if error.context_mark else ""
        return f"wanted , or {closing}{opened}"
    if "end of stream" in said and error.context == "while scanning a quoted scalar":
        return "a quote is opened here and never closed"
    if "escape character" in said:
        return "unknown escape; in single quotes a backslash is only a backslash"
    return _INDENTATION if "did not find expected" in said else f"not YAML: {said}"


_TOO_DEEP = f"wanted at most {MOST_DEPTH} levels, found more"
_SECOND_COLON = "a second colon, with a space or nothing after it; put the value in quotes"
_INDENTATION = "the indentation does not fit the lines above"
