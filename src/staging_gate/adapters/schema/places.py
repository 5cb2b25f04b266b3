"""Where in a migration something stands: the line of its upgrade that names a table, a column or an index."""

import ast
from collections.abc import Iterator
from pathlib import Path

from staging_gate.adapters.schema import scripts
from staging_gate.ports.schema_tool import Migration


def line_about(tree: Path, migration: Migration, *names: str, function: str = "upgrade") -> int:
    """The first statement that names all of `names`, else the first that names one, else the first.

    In what is not Python, lines instead of statements.
    """
    if not migration.path.endswith(".py"):
        return _line_of_text(tree / migration.path, migration.line, names)
    try:
        module = ast.parse((tree / migration.path).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return migration.line
    body = next((n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == function), None)
    if body is None:
        return migration.line
    named = [(statement.lineno, _words(statement)) for statement in _statements(body)]
    if (found := _first(named, names)) is not None:
        return found
    return next((statement.lineno for statement in body.body if not scripts.is_idle(statement)), body.lineno)


def _line_of_text(path: Path, otherwise: int, names: tuple[str, ...]) -> int:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").lower().splitlines()
    except OSError:
        return otherwise
    found = _first([(number, [line]) for number, line in enumerate(lines, 1)], names)
    return otherwise if found is None else found


def _first(named: list[tuple[int, list[str]]], names: tuple[str, ...]) -> int | None:
    wanted = [name.lower() for name in names if name]
    for enough in (all, any):
        for line, words in named:
            if wanted and enough(any(name in word for word in words) for name in wanted):
                return line
    return None


def _statements(body: ast.FunctionDef) -> Iterator[ast.stmt]:
    """The smallest ones: what stands inside of `with` and `if` comes for itself."""
    for node in ast.walk(body):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def _words(statement: ast.stmt) -> list[str]:
    constants = (node.value for node in ast.walk(statement) if isinstance(node, ast.Constant))
    return [value.lower() for value in constants if isinstance(value, str)]
