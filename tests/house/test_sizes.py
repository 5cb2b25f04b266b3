"""Small things stay small: the limits of the house. They are lowered when they can be, and not raised."""

import ast
from collections.abc import Iterator
from statistics import median

from tests.house.sources import PRODUCT, ROOT, python_files

LONGEST_FILE = 400
LONGEST_TEST_FILE = 600
LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 10
SHARE_OVER_50_LINES = 0.02


def functions(tree: ast.Module) -> Iterator[tuple[str, int, int]]:
    """Name, first line and length in lines of every function, from its `def` to its last line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def lengths() -> list[int]:
    return [length for _, tree in python_files(PRODUCT) for _, _, length in functions(tree)]


def test_no_function_is_long() -> None:
    found = [
        f"{path}:{line}: {name} has {length} lines; at most {LONGEST_FUNCTION}"
        for path, tree in python_files(PRODUCT)
        for name, line, length in functions(tree)
        if length > LONGEST_FUNCTION
    ]

    assert not found, "\n".join(found)


def test_most_functions_are_short() -> None:
    measured = lengths()

    assert median(measured) <= MEDIAN_FUNCTION
    assert sum(length > 50 for length in measured) <= SHARE_OVER_50_LINES * len(measured)


def test_no_file_is_long() -> None:
    found = [
        f"{path} has {count} lines; at most {most}"
        for folder, most in ((PRODUCT, LONGEST_FILE), ("tests", LONGEST_TEST_FILE), (".ci", LONGEST_FILE))
        for path, _ in python_files(folder)
        if (count := len((ROOT / path).read_text().splitlines())) > most
    ]

    assert not found, "\n".join(found)


def test_a_planted_long_function_is_measured() -> None:
    [(name, line, length)] = functions(ast.parse("\n@decorated\ndef long():\n" + "    pass\n" * 61))

    assert (name, line, length) == ("long", 3, 62)
