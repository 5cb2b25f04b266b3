"""Starting where that can not be: a sentence, exit code 1, and what runs already is not disturbed."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from staging_gate.engine import connect, writing
from tests.e2e.installation import ROOT, Installation

Prepare = Callable[[Path], object]


def test_a_second_server_on_the_same_state(nothing_yet: Installation) -> None:
    assert nothing_yet.server

    second = start({**nothing_yet.environ, "GATE_PORT": "20999"})

    assert second.returncode == 1
    assert second.stderr == (
        f"gate: Another engine (process {nothing_yet.server.pid}) works on {nothing_yet.state}/gate.db. "
        "With SQLite there can be only one: stop that one first, or use Postgres to have several workers.\n"
    )
    assert nothing_yet.cli("status").exit_code == 0


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = start({"GATE_STATE": str(tmp_path / "state"), "GATE_PORT": str(port)})

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"gate: Port {port} of 127.0.0.1 is already used by ")
    assert refused.stderr.endswith("Choose another: `gate up --port PORT`, or GATE_PORT.\n")


def test_a_port_that_may_be_our_own(tmp_path: Path) -> None:
    (tmp_path / "access.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = start({"GATE_STATE": str(tmp_path), "GATE_PORT": str(taken.getsockname()[1])})

    assert "If that is Staging Gate itself, it is up already: `gate status`. Else choose another: " in refused.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GATE_PORT", "banana", "GATE_PORT is 'banana'; a port from 1 to 65535 is wanted."),
        ("GATE_PORT", "99999999", "GATE_PORT is '99999999'; a port from 1 to 65535 is wanted."),
        ("GATE_ADDRESS", "gate", "GATE_ADDRESS is 'gate'; an address such as https://gate.example.com is wanted."),
        ("GATE_HOST", "nowhere.invalid", "nowhere.invalid is no address of this machine: "),
        ("GATE_HOST", "192.0.2.1", "Port 20999 of 192.0.2.1 can not be listened on: "),
        (
            "GATE_STATE",
            "/dev/null",
            "The state folder /dev/null can not be used: File exists (/dev/null). Mend that",
        ),
        ("GATE_DATABASE_URL", "banana", "The database address 'banana' can not be read. Give sqlite:///PATH or"),
        ("GATE_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x", "The database (postgresql) can not be used: conn"),
        ("GATE_SERVICE_ACCOUNT", "no-such-account", "There is no account no-such-account on this machine"),
    ],
)
def test_settings_that_can_not_be(tmp_path: Path, name: str, value: str, said: str) -> None:
    refused = start({"GATE_STATE": str(tmp_path / "state"), "GATE_PORT": "20999", name: value})

    assert refused.stderr.startswith(f"gate: {said}")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr
    assert "secret" not in refused.stderr


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda state: (state / "gate.db").write_text("this is no database " * 99), "file is not a database."),
        (lambda state: (state / "gate.db").mkdir(), "unable to open database file."),
        (lambda state: (state / "repository.git").write_text(""), "not a bare git repository"),
    ],
    ids=["garbage for a database", "a folder for a database", "a file for a repository"],
)
def test_a_state_that_can_not_be_read(tmp_path: Path, prepare: Prepare, said: str) -> None:
    prepare(tmp_path)

    refused = start({"GATE_STATE": str(tmp_path), "GATE_PORT": "20999"})

    assert refused.stderr.startswith("gate: ")
    assert said in refused.stderr
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


def test_a_state_of_a_newer_version(empty: Installation) -> None:
    empty.kill()
    with writing(connect(f"sqlite:///{empty.state / 'gate.db'}")) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    refused = start(empty.environ)

    assert refused.returncode == 1
    assert refused.stderr.startswith("gate: The database is at revision 9999, and this version of Staging Gate knows")
    assert refused.stderr.endswith("Install that version again, or restore a backup from before.\n")


def test_a_broken_access_file_is_written_anew(empty: Installation) -> None:
    empty.kill()
    (empty.state / "access.json").write_text('{"address": "http://')
    said = empty.cli("status", by="")
    assert said.exit_code == 2
    assert f"{empty.state}/access.json can not be read: remove it, then `gate login ADDRESS`." in said.output

    empty.start()

    assert empty.cli("status", by="").exit_code == 0


def test_no_server(empty: Installation) -> None:
    assert empty.tokens
    empty.kill()

    said = empty.cli("status")

    assert said.exit_code == 1
    assert f"gate: No Staging Gate answers at {empty.address} " in said.output
    assert said.output.endswith("Start it with `gate up`.\n")


def test_what_answers_is_no_staging_gate(httpserver: HTTPServer, nothing_yet: Installation) -> None:
    httpserver.expect_request("/api/v1/board").respond_with_data("<html>hello</html>", content_type="text/html")

    said = nothing_yet.cli("status", GATE_SERVER=httpserver.url_for(""))

    assert said.exit_code == 1
    assert "is no Staging Gate. Is the address right?" in said.output


def start(environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    known = {"PATH": os.environ["PATH"], "HOME": "/", "PYTHONPATH": str(ROOT / "src")}
    argv = [sys.executable, "-m", "staging_gate.server"]
    return subprocess.run(argv, env={**known, **environ}, capture_output=True, text=True, timeout=60)
