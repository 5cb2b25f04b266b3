import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.adapters.local import processes, stop_all
from staging_gate.adapters.local.leftovers import MARK
from staging_gate.testing import eventually
from tests.adapters.local.sample import World, get

WAITS = "import signal, sys; print('ready', flush=True); signal.pause()"
REFUSES = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"


@pytest.fixture
def start(tmp_path: Path) -> Iterator["Start"]:
    """Starts programs that wait for ever; all of them are gone after the test."""
    one = Start()
    yield one
    for process in one.started:
        process.kill()
        process.communicate()


class Start:
    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def __call__(self, *argv: str, **environ: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, *argv], env=environ, stdout=subprocess.PIPE)
        assert process.stdout and process.stdout.readline() == b"ready\n"
        self.started.append(process)
        return process


def test_services_and_proxies_are_stopped(world: World) -> None:
    order = world.order(world.repository.commit())
    address = world.deploy(order).address
    assert address and get(address)[0] == 200

    stopped = stop_all(world.settings.state)

    assert stopped == ["proxy of staging.api", "staging.api staging-1.1"]
    assert world.processes() == []
    assert world.local.proxy.process("staging.api") is None
    assert stop_all(world.settings.state) == []


def test_a_service_whose_shim_was_killed_is_stopped_too(world: World) -> None:
    world.deploy(world.order(world.repository.commit()))
    [service] = world.processes()
    os.kill(service.shim.pid, signal.SIGKILL)
    eventually(lambda: not service.shim.alive())

    stop_all(world.settings.state)

    assert not service.alive()


def test_the_server_of_this_state_is_stopped_first_and_no_other(tmp_path: Path, start: Start) -> None:
    ours = start("-c", WAITS, "staging_gate.server", GATE_STATE=f"{tmp_path}/")
    other = start("-c", WAITS, "staging_gate.server", GATE_STATE=str(tmp_path / "other"))
    editor = start("-c", WAITS, GATE_STATE=str(tmp_path))

    assert stop_all(tmp_path) == [f"server (pid {ours.pid})"]

    assert ours.wait(5) == -signal.SIGTERM
    assert other.poll() is None and editor.poll() is None


def test_a_server_that_does_not_want_to_end_is_killed(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("staging_gate.adapters.local.stopping.SERVER_WITHIN", 0.1)
    stubborn = start("-c", REFUSES, "staging_gate.server", GATE_STATE=str(tmp_path))

    stop_all(tmp_path)

    assert stubborn.wait(5) == -signal.SIGKILL


def test_a_command_under_way_is_ended_and_that_of_another_installation_is_not(tmp_path: Path, start: Start) -> None:
    ours = start("-c", WAITS, **{MARK: str(tmp_path / "state" / "builds" / "abc")})
    other = start("-c", WAITS, **{MARK: str(tmp_path / "state-2" / "builds" / "abc")})

    assert stop_all(tmp_path / "state") == []

    assert ours.wait(5) == -signal.SIGKILL
    assert other.poll() is None


def test_a_state_folder_that_is_not_there_has_nothing_to_stop(tmp_path: Path) -> None:
    assert stop_all(tmp_path / "never") == []
    assert processes.find(tmp_path / "never" / "process.json") is None
