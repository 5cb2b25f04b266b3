"""The directions of import hold, and each contract names the fault that it is there for."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}
LAYERS = "Nouns below, verbs in the middle, wires at the edge"

SOUND = {
    "adapters/git/__init__.py": "import subprocess",
    "adapters/local/__init__.py": "",
    "cli/__init__.py": "import staging_gate.bootstrap",
    "domain/release.py": "",
    "domain/revision.py": "",
    "engine/__init__.py": "import dbos",
    "runbook/__init__.py": "import staging_gate.ports",
    "wire/__init__.py": "import httpx2, socket",
}
# For each contract: where a fault is planted, the fault, and how the report names it.
FAULTS = {
    LAYERS: ("messages/planted.py", "import staging_gate.store", "messages.planted -> staging_gate.store (l.1)"),
    "Procedures reach the outside through ports": (
        "runbook/planted.py",
        "import staging_gate.wire",
        "runbook.planted -> staging_gate.wire (l.1)",
    ),
    "Reads do not act": (
        "queries/planted.py",
        "import staging_gate.adapters",
        "queries.planted -> staging_gate.adapters (l.1)",
    ),
    "Faces call procedures and reads": (
        "cli/planted.py",
        "import staging_gate.store",
        "cli.planted -> staging_gate.store (l.1)",
    ),
    "Adapters are strangers to each other": (
        "adapters/local/planted.py",
        "import staging_gate.adapters.git",
        "adapters.local.planted -> staging_gate.adapters.git (l.1)",
    ),
    "The domain is pure": ("domain/planted.py", "import time", "domain.planted -> time (l.1)"),
    "Only the engine knows DBOS": ("store/planted.py", "import dbos", "store.planted -> dbos (l.1)"),
    "Only wires touch the network and processes": (
        "server/planted.py",
        "import subprocess",
        "server.planted -> subprocess (l.1)",
    ),
    "No knot among nouns or verbs": (
        "domain/release.py",
        "import staging_gate.domain.revision",
        ".revision -> .release (1 import)",
    ),
}
OTHER_HALF_OF_THE_KNOT = {"domain/revision.py": "import staging_gate.domain.release"}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    return subprocess.run(
        [*command, "--config", str(ROOT / "pyproject.toml")],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
    )


def plant(tree: Path, files: Mapping[str, str]) -> Path:
    packages = [name.strip(" ()") for layer in CONTRACTS[LAYERS]["layers"] for name in layer.split("|")]
    for name, source in {"__init__.py": "", **{f"{package}/__init__.py": "" for package in packages}, **files}.items():
        file = tree / "staging_gate" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{source}\n")
    return tree


def test_our_own_imports_follow_the_directions() -> None:
    answer = lint(ROOT / "src")

    assert answer.returncode == 0, answer.stdout


def test_a_sound_tree_is_kept(tmp_path: Path) -> None:
    answer = lint(plant(tmp_path, SOUND))

    assert answer.returncode == 0, answer.stdout


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of one tree that holds every fault."""
    faults = {file: line for file, line, _ in FAULTS.values()} | OTHER_HALF_OF_THE_KNOT
    answer = lint(plant(tmp_path_factory.mktemp("faults"), SOUND | faults))

    assert answer.returncode == 1, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_planted_fault_is_named(contract: str, verdicts: str) -> None:
    report = verdicts.partition("Broken contracts")[2].partition(f"{contract}\n---")[2]

    assert f"{contract} BROKEN" in verdicts
    assert FAULTS[contract][2] in report


def test_a_package_that_has_no_place_is_named(tmp_path: Path) -> None:
    answer = lint(plant(tmp_path, SOUND | {"helpers/__init__.py": ""}))

    assert answer.returncode == 1
    assert "helpers" in answer.stdout
