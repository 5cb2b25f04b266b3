"""The Python files of the repository, parsed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = "src/staging_gate"


def python_files(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Every Python file in these folders, by its path in the repository; a folder may also be a file."""
    for folder in folders:
        start = ROOT / folder
        for file in [start] if start.is_file() else sorted(start.rglob("*.py")):
            yield str(file.relative_to(ROOT)), _parsed(file)


def uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of each use of an import: after `import time as t`, `t.time` is `time.time`."""
    imported = _imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            head, *rest = _dotted(node)
            if head in imported:
                yield node.lineno, ".".join([imported[head], *rest])


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), filename=str(file))


def _imported_names(tree: ast.Module) -> dict[str, str]:
    imported = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.partition(".")[0]
                imported[name.asname or top] = name.name if name.asname else top
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                imported[name.asname or name.name] = f"{node.module}.{name.name}"
    return imported


def _dotted(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    return [""]
