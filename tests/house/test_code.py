"""Rules of the house that a linter does not know."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.sources import PRODUCT, ROOT, python_files, uses

OURS = ("src", "tests", "bench", "examples", "gate")
SHELLS = {
    "asyncio.create_subprocess_shell",
    "os.popen",
    "os.system",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
}
VAGUE = ("Service", "Manager", "Helper", "Handler", "Util", "Utils")
SKIPS = {"pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail", "pytest.skip", "unittest.skip"}


def shell_uses(tree: ast.Module) -> Iterator[int]:
    """Lines on which a command goes through a shell."""
    yield from (line for line, name in uses(tree) if name in SHELLS)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "shell" and ast.unparse(node.value) != "False":
            yield node.lineno


def test_commands_are_argument_lists_and_never_shell_strings() -> None:
    found = [f"{path}:{line}" for path, tree in python_files(*OURS) for line in shell_uses(tree)]

    assert not found, found


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "from os import system\nsystem('ls')",
        "import asyncio as a\na.create_subprocess_shell('ls')",
    ],
)
def test_a_planted_shell_is_found(source: str) -> None:
    assert list(shell_uses(ast.parse(source))) == [2]


def test_no_class_has_a_name_that_says_nothing() -> None:
    found = [
        f"{path}:{node.lineno}: {node.name}"
        for path, tree in python_files(PRODUCT)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(VAGUE) and node.name not in VAGUE
    ]

    assert not found, found


def test_a_broad_except_says_why() -> None:
    found = [
        f"{path}:{node.lineno}: say in a comment there why every error is meant"
        for path, tree in python_files(PRODUCT)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node) and not has_comment(path, node.lineno)
    ]

    assert not found, "\n".join(found)


def is_broad(node: ast.ExceptHandler) -> bool:
    """Whether it keeps every error to itself; one that cleans up and raises again does not."""
    name = "BaseException" if node.type is None else ast.unparse(node.type)
    return name in ("BaseException", "Exception") and ast.unparse(node.body[-1]) != "raise"


def has_comment(path: str, line: int) -> bool:
    """On the line of the `except`, or on the next."""
    lines = (ROOT / path).read_text().splitlines()[line - 1 : line + 1]
    return any("#" in text for text in lines)


def test_no_test_is_skipped() -> None:
    found = [
        f"{path}:{line}: {name}" for path, tree in python_files("tests") for line, name in uses(tree) if name in SKIPS
    ]

    assert not found, found


def test_nothing_is_left_for_later() -> None:
    later = re.compile("[T]ODO|[F]IXME|[X]XX")
    found = [
        f"{path}:{number}: {line.strip()}"
        for path, _ in python_files(*OURS)
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        if later.search(line)
    ]

    assert not found, "\n".join(found)
