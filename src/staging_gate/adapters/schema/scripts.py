"""Migration scripts, read as text: what Alembic would know of them, without running them."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Script:
    """One migration. `down` are the revisions that it follows; `lines` say where its parts stand."""

    path: str
    revision: str
    down: tuple[str, ...]
    lines: Mapping[str, int]
    upgrade: ast.FunctionDef | None
    downgrade: ast.FunctionDef | None

    def line(self, part: str) -> int:
        return self.lines.get(part, 1)


@dataclass(frozen=True)
class Unreadable:
    """A file that is no Python, or does not say its revisions in plain strings."""

    path: str
    line: int
    problem: str
    syntax: bool


def read(path: str, text: str) -> Script | Unreadable | None:
    """None for a file that is no migration: one without `revision`, which Alembic leaves out as well."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return Unreadable(path, error.lineno or 1, f"{error.msg} (column {error.offset or 1})", syntax=True)
    except ValueError as error:  # a zero byte
        return Unreadable(path, 1, str(error), syntax=True)
    values = {name: value for statement in tree.body for name, value in _assigned(statement)}
    if "revision" not in values:
        return None
    lines = {name: value.lineno for name, value in values.items()}
    try:
        revision = ast.literal_eval(values["revision"])
        down = _as_tuple(ast.literal_eval(values["down_revision"]) if "down_revision" in values else None)
    except ValueError:
        return Unreadable(path, lines["revision"], "its revisions are no plain strings", syntax=False)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    lines |= {name: node.lineno for name, node in functions.items()}
    return Script(path, str(revision), down, lines, functions.get("upgrade"), functions.get("downgrade"))


def does_nothing(function: ast.FunctionDef) -> bool:
    """Only `pass`, `...`, `return`, or words."""
    return all(is_idle(statement) for statement in function.body)


def gives_up(function: ast.FunctionDef) -> int | None:
    """The line at which it always raises; None where it may come to its end."""
    first = next((statement for statement in function.body if not is_idle(statement)), None)
    return first.lineno if isinstance(first, ast.Raise) else None


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return [(statement.target.id, statement.value)]
    if isinstance(statement, ast.Assign):
        return [(target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name)]
    return []


def _as_tuple(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple | set) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise ValueError(value)


def is_idle(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Return):
        return statement.value is None
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
