"""The lock files: every package pinned and hashed, no place named, and in step with pyproject.toml."""

import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock")


def entries(name: str) -> list[str]:
    """The entries of a lock file, each on one line."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pinned(name: str) -> dict[str, str]:
    return {entry.partition("==")[0]: re.split(r"[ ;]", entry.partition("==")[2])[0] for entry in entries(name)}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_by_hash(name: str) -> None:
    shape = re.compile(r"[a-z0-9-]+==\S+( ; [^#@]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")

    assert [entry for entry in entries(name) if not shape.fullmatch(entry)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_place_is_named(name: str) -> None:
    assert re.findall(r"://|--(?:index|extra|find|trusted)\S*| @ ", (ROOT / name).read_text()) == []


def required() -> list[str]:
    project = PROJECT["project"]
    return [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]


@pytest.mark.parametrize(("name", "lines"), [(LOCKS[0], required()), (LOCKS[1], PROJECT["dependency-groups"]["dev"])])
def test_the_lock_is_in_step_with_the_project(name: str, lines: list[str]) -> None:
    pins = pinned(name)
    missing = [
        line
        for line in lines
        if (wanted := Requirement(line)).name != "staging-gate"
        and not wanted.specifier.contains(pins.get(canonicalize_name(wanted.name), "0"))
    ]

    assert missing == [], "run ./gate lock"


def test_development_adds_to_what_runs_and_changes_nothing_in_it() -> None:
    assert pinned(LOCKS[0]).items() <= pinned(LOCKS[1]).items()


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    answer = subprocess.run([sys.executable, "-m", "deptry", "src"], cwd=ROOT, capture_output=True, text=True)

    assert answer.returncode == 0, answer.stderr
