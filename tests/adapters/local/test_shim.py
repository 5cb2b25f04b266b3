import json
import marshal
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from staging_gate.adapters.local import processes, procfs, shim
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.testing import eventually
from tests.adapters.local.tiny import Tiny, log_of, port_of

PYTHON = (sys.executable, "-I", "-S", "-c")


def test_the_state_names_shim_process_and_exit(tiny: Tiny) -> None:
    process = tiny.serving()
    state = json.loads(process.state.read_text())

    assert state["about"]["name"] == "api"
    assert state["boot"] == procfs.boot_id()
    assert (state["shim"], state["pid"]) == (process.shim.pid, process.pid)
    assert state["pid_start"] == procfs.stat(process.pid).start  # type: ignore[union-attr]
    assert (state["starts"], state["exit"]) == (1, None)

    process.stop(within=10)
    assert json.loads(process.state.read_text()) == {**state, "exit": -signal.SIGTERM}
    assert process.state.stat().st_mode & 0o777 == 0o600


def test_an_order_that_breaks_off_starts_nothing(tiny: Tiny) -> None:
    """Whoever asks may be killed while it writes."""
    marker = tiny.folder / "started"
    spec = tiny.command("touch", str(marker))
    order = marshal.dumps(processes._order(spec))
    spec.state.parent.mkdir()

    done = subprocess.run([sys.executable, "-I", "-S", processes.SHIM], input=order[:-5], capture_output=True)

    assert done.returncode != 0 and done.stdout == b""
    assert not marker.exists() and not spec.state.exists()


def test_a_second_shim_for_the_same_place_starts_nothing(tiny: Tiny) -> None:
    process = tiny.serving()
    before = process.state.read_bytes()

    assert processes._ask_a_shim(tiny.spec()) == "held"

    assert process.state.read_bytes() == before


def test_the_program_is_in_a_session_and_group_of_its_own_without_our_files(tiny: Tiny) -> None:
    program = "import os, resource; print(os.getsid(0), os.getpgid(0), os.listdir('/proc/self/fd'))"
    program += "; print(resource.getrlimit(resource.RLIMIT_CORE))"
    process = processes.start(tiny.command(*PYTHON, program))

    assert process.wait(10)
    session, group, *files = log_of(process).splitlines()[0].split(" ", 2)
    assert int(session) == process.shim.pid
    assert int(group) == process.pid
    assert files == ["['0', '1', '2', '3']"]  # the last is that of listdir itself
    assert log_of(process).splitlines()[1] == "(0, 0)"


def test_signals_that_a_program_blocks_or_ignores_by_inheritance_are_restored(tiny: Tiny) -> None:
    program = (
        "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, [])); print([signal.getsignal(n).name for n in "
        "(signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)])"
    )
    process = processes.start(tiny.command(*PYTHON, program))

    assert process.wait(10)
    assert log_of(process).splitlines() == ["set()", "['SIG_DFL', 'SIG_DFL', 'SIG_DFL', 'SIG_DFL']"]


def test_a_talkative_program_fills_two_files_at_most(tiny: Tiny) -> None:
    lines = 3 * shim.LOG_LIMIT // 100
    process = processes.start(
        tiny.command(*PYTHON, f"import sys\nfor n in range({lines}): sys.stdout.write(f'{{n:099}}\\n')")
    )

    assert process.wait(60)
    older, newer = process.log.with_name("api.log.1"), process.log
    for file in (older, newer):
        assert file.stat().st_size < shim.LOG_LIMIT + shim.BLOCK
    kept = (older.read_text() + newer.read_text()).splitlines()
    assert [int(line) for line in kept[1:]] == list(range(lines - len(kept) + 1, lines))


def test_a_full_disk_loses_lines_and_not_the_program(tiny: Tiny) -> None:
    spec = tiny.spec()
    spec.log.parent.mkdir()
    spec.log.symlink_to("/dev/full")

    process = processes.start(spec)

    eventually(lambda: process.owns_port(port_of(process)))
    assert process.alive()


def test_a_full_disk_at_the_start_starts_nothing_and_says_so(tiny: Tiny) -> None:
    marker = tiny.folder / "started"
    spec = tiny.command("touch", str(marker))
    spec.state.parent.mkdir()
    Path(f"{spec.state}.new").symlink_to("/dev/full")

    with pytest.raises(Unavailable) as unavailable:
        processes.start(spec)

    assert "No space left on device" in unavailable.value.evidence
    assert not marker.exists()


def test_a_full_disk_later_is_no_reason_to_give_the_program_up(tiny: Tiny) -> None:
    process = processes.start(tiny.command("sleep", "600", restart=True))
    Path(f"{process.state}.new").symlink_to("/dev/full")

    os.kill(process.pid, signal.SIGKILL)

    eventually(lambda: process.pid not in procfs.descendants(process.shim.pid))
    eventually(lambda: procfs.descendants(process.shim.pid))


def test_what_is_written_in_the_last_moment_is_in_the_log(tiny: Tiny) -> None:
    process = processes.start(tiny.command(*PYTHON, "print('x' * 500_000, end='last words')"))

    assert process.wait(10)
    assert log_of(process) == "x" * 500_000 + "last words"


def test_a_listener_outlives_the_program_and_connections_wait(tiny: Tiny) -> None:
    """One answer for each start: the second connection is taken by the second process."""
    port = processes.free_port()
    program = "import socket; s = socket.socket(fileno=3); c, _ = s.accept(); c.sendall(b'hello'); c.recv(1)"
    spec = replace(tiny.command(*PYTHON, program), listen=(("127.0.0.1", port),), restart=True)
    process = processes.start(spec)

    both = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    assert both[0].recv(5) == b"hello"
    both[0].close()
    assert both[1].recv(5) == b"hello"
    assert process.starts == 2
    assert process.stop(within=5)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    both[1].close()


def test_a_program_that_always_crashes_is_started_ever_more_slowly_and_can_be_stopped(tiny: Tiny) -> None:
    process = processes.start(replace(tiny.command("false"), restart=True))

    eventually(lambda: process.starts >= 4)

    assert process.stop(within=5)
    assert process.exit_code() in (1, -signal.SIGTERM)
    assert 4 <= process.starts < 10
    assert log_of(process).count("false ended with 1; it is started again") >= 3


def test_a_taken_port_among_the_listeners_starts_nothing(tiny: Tiny) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        spec = replace(tiny.command("true"), listen=(("127.0.0.1", port),))

        with pytest.raises(processes.PortTaken) as taken:
            processes.start(spec)

    assert taken.value.port == port
    assert taken.value.message == f"port {port} is already used by {procfs.command(os.getpid())} (pid {os.getpid()})"
    assert processes.find(spec.state) is None


def test_an_address_that_is_not_ours_is_refused(tiny: Tiny) -> None:
    spec = replace(tiny.command("true"), listen=(("192.0.2.1", 8000),))

    with pytest.raises(Refused) as refused:
        processes.start(spec)

    assert refused.value.message == "192.0.2.1:8000 can not be listened on: Cannot assign requested address."


def test_our_own_environment_does_not_leak(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "of ours")
    process = tiny.serving()

    for pid in (process.pid, process.shim.pid):
        assert b"A_SECRET" not in Path(f"/proc/{pid}/environ").read_bytes()
