"""Tests reach no network but this machine's; unit tests reach none."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import network

ROOT = Path(__file__).parents[2]


def test_an_outside_address_is_refused() -> None:
    with (
        socket.socket() as outside,
        pytest.raises(network.NotPermitted, match=r"may not connect to \('192.0.2.1', 80\)"),
    ):
        outside.connect(("192.0.2.1", 80))


def test_an_outside_name_is_not_looked_up() -> None:
    with pytest.raises(network.NotPermitted, match=r"\('gate.example', 443\)"):
        socket.create_connection(("gate.example", 443))


def test_this_machine_may_be_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_unit_tests_may_not_even_ask_this_machine(tmp_path: Path) -> None:
    for name in ("conftest.py", "house/network.py"):
        copy = tmp_path / "tests" / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_text((ROOT / "tests" / name).read_text())
    for folder in ("config", "domain", "messages"):
        test = tmp_path / "tests" / folder / "test_planted.py"
        test.parent.mkdir()
        test.write_text("import socket\ndef test_it():\n    socket.create_connection(('127.0.0.1', 9))\n")

    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--import-mode=importlib",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "tests",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'src'}"},
        capture_output=True,
        text=True,
    )

    assert "NotPermitted: this test may not connect to ('127.0.0.1', 9)" in answer.stdout
    assert "3 failed" in answer.stdout
