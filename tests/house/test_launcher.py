"""`./gate`: sets up once, whatever interrupts it, and says what is missing. A stand-in for uv keeps this fast."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from staging_gate.testing import eventually
from tests.house.sources import ROOT

# Makes an environment whose programs only say how they were called; waits where it is told to hold.
STAND_IN_UV = f"""#!{sys.executable}
import os, pathlib, sys
root = pathlib.Path(__file__).parents[1]
with (root / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:3]) + "\\n")
if sys.argv[1] == "venv":
    folder = pathlib.Path(sys.argv[-1])
    (folder / "lib/python3/site-packages").mkdir(parents=True)
    (folder / "bin").mkdir()
    for name in ("python", "ruff", "mypy", "lint-imports"):
        (folder / "bin" / name).write_text((root / "program").read_text())
        (folder / "bin" / name).chmod(0o755)
elif (root / "hold").exists():
    (root / "hold").read_text()
if "offline" in os.environ:
    sys.exit("no such package anywhere")
"""
PROGRAM = f"""#!{sys.executable}
import json, os, sys
name = os.path.basename(sys.argv[0])
told = sorted({{"PYTHONDONTWRITEBYTECODE", "STAGING_GATE_TEST_ALL"}}.intersection(os.environ))
if "mirror.example" in os.environ.get("UV_DEFAULT_INDEX", ""):
    told.append("UV_DEFAULT_INDEX")
print(json.dumps([name, *sys.argv[1:], told]))
sys.exit(name in os.environ.get("broken", ""))
"""
LOCK = "other==1.0 \\\n    --hash=sha256:00\nuv==9.9.9 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"


@dataclass(frozen=True)
class Checkout:
    root: Path

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.root / "gate"), *arguments],
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | environ,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def gate(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        """Run it to its end: exit code, output and errors."""
        process = self.start(*arguments, **environ)
        output, errors = process.communicate(timeout=30)
        return process.returncode, output, errors

    def run_with(self, change: str, **environ: str) -> tuple[int, str]:
        """Run it in a Python that was changed first: exit code and errors."""
        source = (
            f"import runpy, sys\n{change}\nsys.argv = ['gate', 'status']\nrunpy.run_path('gate', run_name='__main__')"
        )
        done = subprocess.run(
            [sys.executable, "-c", source], cwd=self.root, env=os.environ | environ, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr

    def calls(self) -> list[str]:
        """What the installer was asked for, in order."""
        made = self.root / "calls"
        return made.read_text().splitlines() if made.exists() else []


@pytest.fixture
def bare(tmp_path: Path) -> Checkout:
    """A checkout in which nothing was ever started."""
    for name, text in (("gate", (ROOT / "gate").read_text()), ("program", PROGRAM)):
        (tmp_path / name).write_text(text)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text(LOCK)
    return Checkout(tmp_path)


@pytest.fixture
def checkout(bare: Checkout) -> Checkout:
    """One that has uv already: the stand-in."""
    system = os.uname()
    uv = bare.root / ".gate" / f"uv-9.9.9-{system.sysname}-{system.machine}"
    uv.parent.mkdir()
    uv.write_text(STAND_IN_UV)
    uv.chmod(0o755)
    return bare


def programs(folder: Path, **sources: str) -> str:
    """A PATH of one folder with these shell programs."""
    folder.mkdir()
    for name, source in sources.items():
        (folder / name).write_text(f"#!/bin/sh\n{source}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_the_first_start_sets_up_and_the_second_only_starts(checkout: Checkout) -> None:
    code, output, errors = checkout.gate("status", "--json")

    assert (code, json.loads(output)) == (0, ["python", "-P", "-m", "staging_gate", "status", "--json", []])
    assert errors.startswith("Setting up, once: installing 2 packages of requirements.lock into .gate/env-")
    assert checkout.gate("status", "--json") == (0, output, "")
    assert checkout.calls() == ["venv --quiet", "pip install"]


def test_what_builds_is_told_where_packages_come_from(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    for verb, told in (("up", ["UV_DEFAULT_INDEX"]), ("status", [])):
        output = checkout.gate(verb, PIP_INDEX_URL="https://mirror.example/simple")[1]
        assert json.loads(output)[-1] == told


def test_the_product_is_found_from_every_process_of_the_environment(checkout: Checkout) -> None:
    checkout.gate()

    [link] = (checkout.root / ".gate").glob("env-*/lib/python3/site-packages/staging_gate.pth")
    assert link.read_text() == f"{checkout.root / 'src'}\n"


def test_another_lock_gets_another_environment(checkout: Checkout) -> None:
    checkout.gate()
    (checkout.root / "requirements.lock").write_text(f"more==1.0 \\\n    --hash=sha256:00\n{LOCK}")

    assert "installing 3 packages" in checkout.gate()[2]


def test_an_environment_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    checkout.gate()
    [python] = (checkout.root / ".gate").glob("env-*/bin/python")
    python.unlink()
    python.symlink_to("/nowhere/python")

    assert "installing" in checkout.gate()[2]
    assert checkout.gate()[2] == ""


@contextmanager
def holding_the_installer(checkout: Checkout) -> Iterator[subprocess.Popen[str]]:
    """A first start, whose installer goes on only when the block ends."""
    os.mkfifo(checkout.root / "hold")
    writer = os.open(checkout.root / "hold", os.O_RDWR)
    first = checkout.start()
    eventually(lambda: "pip install" in checkout.calls())
    try:
        yield first
    finally:
        (checkout.root / "hold").unlink()
        os.close(writer)


def test_a_set_up_that_was_killed_is_waited_for_and_made_again(checkout: Checkout) -> None:
    with holding_the_installer(checkout) as first:
        first.send_signal(signal.SIGKILL)
        first.communicate()
        second = checkout.start()
        assert second.stderr and "waiting for another start of gate" in second.stderr.readline()

    _, errors = second.communicate(timeout=30)
    assert second.returncode == 0
    assert "installing 2 packages" in errors
    assert checkout.calls() == ["venv --quiet", "pip install"] * 2


def test_two_starts_at_once_set_up_once(checkout: Checkout) -> None:
    with holding_the_installer(checkout) as first:
        second = checkout.start()
        assert second.stderr and "waiting for another start of gate" in second.stderr.readline()

    first.communicate(timeout=30)
    second.communicate(timeout=30)
    assert (first.returncode, second.returncode) == (0, 0)
    assert checkout.calls() == ["venv --quiet", "pip install"]


def test_a_failed_install_shows_what_was_said_and_is_tried_again(checkout: Checkout) -> None:
    code, _, errors = checkout.gate(offline="yes")

    assert code == 1
    assert "no such package anywhere\ngate: setting up failed: `uv-9.9.9-" in errors
    assert "pip config set global.index-url ADDRESS" in errors
    assert checkout.gate()[0] == 0


def test_tests_and_checks_all_run_and_what_failed_is_named(checkout: Checkout) -> None:
    code, output, _ = checkout.gate("test", "--all", "tests/house", broken="mypy")

    lines = output.splitlines()
    assert code == 1
    assert [line.split()[-3] for line in lines if line.endswith(" s")] == ["ok", "ok", "FAILED", "ok"]
    assert json.loads(lines[-2])[-2:] == ["tests/house", ["STAGING_GATE_TEST_ALL"]]
    assert lines[-1] == "gate test: mypy --strict failed"


def test_failed_tests_fail_and_checks_alone_can_be_asked_for(checkout: Checkout) -> None:
    assert checkout.gate("test", broken="python")[0] == 1
    assert checkout.gate("lint", broken="python")[0] == 0
    assert checkout.gate("lint", broken="ruff")[0] == 1


def test_a_missing_git_is_named(checkout: Checkout) -> None:
    code, _, errors = checkout.gate(PATH=programs(checkout.root / "bin"))

    assert code == 1
    assert (
        "gate: git 2.38 or newer is needed, and PATH has none.\nInstall it, for example with `apt install git`"
        in errors
    )


def test_an_old_git_is_named(checkout: Checkout) -> None:
    code, _, errors = checkout.gate(PATH=programs(checkout.root / "bin", git="echo git version 2.30.2"))

    assert (code, errors) == (1, "gate: git 2.38 or newer is needed; `git --version` says: git version 2.30.2\n")


def test_a_python_without_venv_and_pip_says_what_to_install(bare: Checkout) -> None:
    code, errors = bare.run_with("import importlib.util; importlib.util.find_spec = lambda name: None")

    assert code == 1
    assert "has neither venv nor pip; one of them is needed" in errors
    assert "  apt install python3-venv " in errors


def test_a_lock_without_uv_is_named(bare: Checkout) -> None:
    (bare.root / "requirements.lock").write_text("other==1.0 \\\n    --hash=sha256:00\n")

    assert "gate: requirements.lock pins no uv" in bare.gate()[2]


OLD = "sys.version_info = (3, 9, 2); sys.version = '3.9.2 (main)'"


def test_an_old_python_hands_over_to_a_newer_one(checkout: Checkout) -> None:
    newer = '[ "$1" = -c ] || echo newer "${1##*/}" "$2"'
    path = programs(checkout.root / "bin", **{"python3.13": "exit 1", "python3.12": newer})

    assert checkout.run_with(OLD, PATH=path) == (0, "newer gate status\n")


def test_an_old_python_with_no_newer_one_is_named(checkout: Checkout) -> None:
    code, errors = checkout.run_with(OLD, PATH=programs(checkout.root / "bin"))

    assert code == 1
    assert errors.startswith("gate: Python 3.11 or newer is needed; this is 3.9.2 (")
    assert "Install one, for example with `apt install python3.11`" in errors


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The launcher as a module, for a user whose home is empty and who has told pip nothing."""
    for name in os.environ:
        if name.startswith(("PIP_", "UV_")) or name.endswith(("_PROXY", "SSL_CERT_FILE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    loader = SourceFileLoader("launcher", str(ROOT / "gate"))
    spec = spec_from_loader("launcher", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    monkeypatch.setattr(module, "pip_files", lambda: [tmp_path / "pip.conf"])
    return module


def test_uv_is_told_what_pip_was_told(launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example/simple\nfind-links =\n    /wheels\n    /more\ncert = /ca.pem\n"
    )
    monkeypatch.setenv("PIP_INDEX_URL", "https://nearer.example/simple")
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    told = launcher.uv_environ()

    assert told["UV_DEFAULT_INDEX"] == "https://nearer.example/simple"
    assert told["UV_FIND_LINKS"] == "/wheels,/more"
    assert told["SSL_CERT_FILE"] == "/ca.pem"
    assert launcher.uv_options() == ["--no-index"]


def test_what_is_set_for_uv_stays(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")

    assert launcher.uv_environ()["UV_DEFAULT_INDEX"] == "https://own.example/simple"


def test_it_is_a_program() -> None:
    assert (ROOT / "gate").stat().st_mode & stat.S_IXUSR
    assert (ROOT / "gate").read_text().startswith("#!/usr/bin/env python3\n")
