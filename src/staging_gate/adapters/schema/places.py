"""Where in a migration something stands: the line of its upgrade that names a table, a column or an index."""

import ast
from collections.abc import Iterator
from pathlib import Path

from staging_gate.adapters.schema import scripts
from staging_gate.ports.schema_tool import Migration


def line_about(tree: Path, migration: Migration, *names: str, function: str = "upgrade") -> int:
    """The first statement that names all of `names`, else the first that names one, else the first."""
    try:
        module = ast.parse((tree / migration.path).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return migration.line
    body = next((n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == function), None)
    if body is None:
        return migration.line
    named = [(statement.lineno, _words(statement)) for statement in _statements(body)]
    wanted = [name.lower() for name in names if name]
    for enough in (all, any):
        for line, words in named:
            if wanted and enough(any(name in word for word in words) for name in wanted):
                return line
    return next((statement.lineno for statement in body.body if not scripts.is_idle(statement)), body.lineno)


def _statements(body: ast.FunctionDef) -> Iterator[ast.stmt]:
    """The smallest ones: what stands inside of `with` and `if` comes for itself."""
    for node in ast.walk(body):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def _words(statement: ast.stmt) -> list[str]:
    constants = (node.value for node in ast.walk(statement) if isinstance(node, ast.Constant))
    return [value.lower() for value in constants if isinstance(value, str)]
