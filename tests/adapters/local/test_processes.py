import contextlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from staging_gate.adapters.local import ports, processes, procfs
from staging_gate.adapters.local.procfs import Identity
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.testing import eventually
from tests.adapters.local.tiny import Tiny, log_of, port_of


def lives(pid: int) -> bool:
    found = procfs.stat(pid)
    return found is not None and found.state != "Z"


def shims_called(keeper: str) -> list[int]:
    """Our own children that wait for an order."""
    ours = procfs.descendants(os.getpid())
    return [pid for pid in ours if keeper.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]


def test_a_process_runs_with_only_its_own_environment(tiny: Tiny) -> None:
    program = "import os, sys; print(sorted(os.environ)); print(os.getcwd()); print(sys.stdin.read() == '')"
    process = processes.start(tiny.command(sys.executable, "-I", "-S", "-c", program, environ={"PORT": "1"}))

    assert process.wait(10)
    assert process.exit_code() == 0
    assert log_of(process).splitlines() == ["['LC_CTYPE', 'PORT']", str(tiny.folder), "True"]


def test_a_crash_at_the_start_gives_the_exit_code_and_the_last_words(tiny: Tiny) -> None:
    process = processes.start(tiny.spec(LAST_WORDS="KeyError: 'STRIPE_KEY'"))

    assert process.wait(10)
    assert not process.alive()
    assert process.exit_code() == 3
    assert log_of(process) == "starting\nKeyError: 'STRIPE_KEY'\n"


def test_a_missing_program_is_said_in_the_log(tiny: Tiny) -> None:
    process = processes.start(tiny.command("no-such-program"))

    assert process.wait(10)
    assert process.exit_code() == 127
    assert "no-such-program can not be started" in log_of(process)
    assert "No such file or directory" in log_of(process)


def test_a_shim_that_was_got_ready_is_taken_once(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    processes.get_ready("staging.nobody-else")
    with monkeypatch.context() as patched:
        patched.setattr(processes, "SHIM", tiny.folder / "no-shim-can-be-started")
        first = processes.start(replace(tiny.spec(), keeper="staging.nobody-else"))
    second = processes.start(replace(tiny.spec(), keeper="staging.nobody-else", state=tiny.folder / "second.json"))

    assert first.alive() and second.alive()
    assert first.shim != second.shim
    second.stop(within=0)  # the fixture knows of one only


def test_a_ready_shim_that_was_killed_is_not_missed(tiny: Tiny) -> None:
    processes.get_ready("staging.nobody-else")
    [waiting] = eventually(lambda: shims_called("staging.nobody-else"))
    os.kill(waiting, signal.SIGKILL)
    os.waitid(os.P_PID, waiting, os.WEXITED | os.WNOWAIT)

    process = processes.start(replace(tiny.spec(), keeper="staging.nobody-else"))

    assert process.alive()


def test_a_shim_that_is_not_needed_ends(tiny: Tiny) -> None:
    processes.get_ready("staging.nobody-else")
    eventually(lambda: shims_called("staging.nobody-else"))

    processes.dismiss("staging.nobody-else", "never got ready")

    assert not shims_called("staging.nobody-else")


def test_a_running_process_is_found_again(tiny: Tiny) -> None:
    process = tiny.serving(REVISION="a1")

    again = processes.adopt(process.state)

    assert again == process
    assert again is not None and again.alive() and again.exit_code() is None
    assert again.labels["port"] == process.labels["port"]
    assert not again.wait(0)


def test_starting_twice_starts_once(tiny: Tiny) -> None:
    spec = tiny.spec()

    first = processes.start(spec)

    assert processes.start(spec) == first


def test_many_starters_at_once_start_once(tiny: Tiny) -> None:
    spec = tiny.spec()
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path\n"
        "from staging_gate.adapters.local import processes\n"
        "from tests.adapters.local.tiny import Tiny\n"
        "print(processes.start(Tiny(Path(sys.argv[3])).spec(port=int(sys.argv[4]))).pid)"
    )
    root = Path(__file__).parents[3]
    argv = [sys.executable, "-c", code, str(root / "src"), str(root), str(tiny.folder), spec.environ["PORT"]]
    starters = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    assert len({starter.communicate()[0] for starter in starters}) == 1
    assert [starter.returncode for starter in starters] == [0] * 4


def test_something_else_for_the_same_state_is_refused(tiny: Tiny) -> None:
    spec = tiny.spec()
    running = processes.start(spec)

    with pytest.raises(Refused) as refused:
        processes.start(replace(spec, environ={"PORT": "1"}))

    assert refused.value.message == (
        f"api (pid {running.pid}) already runs for api.json and was started differently. Stop it first."
    )


def test_a_new_one_may_take_the_place_of_one_that_has_ended(tiny: Tiny) -> None:
    first = processes.start(tiny.command("false"))
    first.wait(10)

    second = processes.start(tiny.command("sleep", "60"))

    assert second.alive()
    assert not first.alive()
    assert first.exit_code() is None


def test_stop_lets_it_end_by_itself(tiny: Tiny) -> None:
    process = tiny.serving()

    assert process.stop(within=10)

    assert not process.alive()
    assert process.exit_code() == -signal.SIGTERM
    assert processes.adopt(process.state) is None
    assert processes.find(process.state) == process


def test_a_service_that_ignores_sigterm_is_killed_after_the_limit(tiny: Tiny) -> None:
    process = tiny.serving(STUBBORN="1")

    assert not process.stop(within=0.2)

    assert not process.alive()
    assert process.exit_code() == -signal.SIGKILL


@pytest.mark.parametrize("where", ["near", "far"])
def test_nothing_that_a_service_started_survives_it(tiny: Tiny, where: str) -> None:
    process = tiny.serving(CHILD=where)
    eventually(lambda: "child" in log_of(process))
    family = procfs.descendants(process.shim.pid)
    assert len(family) == 2

    process.stop(within=0.2)

    assert not any(lives(pid) for pid in family)


def test_what_a_service_left_behind_is_swept_when_it_crashes(tiny: Tiny) -> None:
    process = tiny.serving(CHILD="near")
    family = procfs.descendants(process.shim.pid)

    os.kill(process.pid, signal.SIGSEGV)

    assert process.wait(10)
    assert process.exit_code() == -signal.SIGSEGV
    assert not any(lives(pid) for pid in family)


def test_a_shell_that_ends_before_its_child_does_not_cut_the_child_short(tiny: Tiny) -> None:
    child = (
        "import signal, sys, time\n"
        "def end(*_): time.sleep(0.3); print('finished its work', flush=True); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('ready', flush=True); time.sleep(60)"
    )
    process = processes.start(tiny.command("sh", "-c", f'{sys.executable} -I -S -c "{child}"; true'))
    eventually(lambda: "ready" in log_of(process))

    assert process.stop(within=10)

    assert "finished its work" in log_of(process)


def test_when_the_shim_is_killed_the_service_goes_too_and_stop_ends_its_workers(tiny: Tiny) -> None:
    process = tiny.serving(CHILD="near")
    service, worker = procfs.descendants(process.shim.pid)

    os.kill(process.shim.pid, signal.SIGKILL)
    eventually(lambda: not process.alive())
    assert process.wait(10)
    assert process.exit_code() is None
    assert processes.adopt(process.state) is None

    process.stop(within=1)
    eventually(lambda: not any(lives(pid) for pid in (service, worker)))


def test_a_start_in_the_same_place_first_ends_what_a_killed_shim_left(tiny: Tiny) -> None:
    process = tiny.serving(CHILD="near")
    family = procfs.descendants(process.shim.pid)
    os.kill(process.shim.pid, signal.SIGKILL)
    process.wait(10)

    processes.start(tiny.command("sleep", "60"))

    eventually(lambda: not any(lives(pid) for pid in family))


def test_a_reused_number_is_not_mistaken_for_the_process(tiny: Tiny) -> None:
    process = processes.start(tiny.command("true"))
    process.wait(10)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as bystander:
        before = Identity(bystander.pid, procfs.stat(bystander.pid).start - 1)  # type: ignore[union-attr]
        impostor = replace(process, shim=before)
        process.state.write_text(
            process.state.read_text().replace(f'"shim": {process.shim.pid}', f'"shim": {bystander.pid}')
        )

        assert processes.adopt(process.state) is None
        assert impostor.wait(0)
        assert impostor.stop(within=0)
        impostor.end_orphans()
        assert bystander.poll() is None
        bystander.kill()


def test_a_zombie_counts_as_dead() -> None:
    child = subprocess.Popen(["true"])
    found = procfs.stat(child.pid)
    assert found
    identity = Identity(child.pid, found.start)

    eventually(lambda: not identity.alive())

    assert procfs.stat(child.pid)
    child.wait()


def test_states_of_an_earlier_boot_are_nobody(tiny: Tiny) -> None:
    process = tiny.serving()
    text = process.state.read_text()

    process.state.write_text(text.replace(procfs.boot_id(), "an-earlier-boot"))
    assert processes.find(process.state) is None

    process.state.write_text("")
    assert processes.find(process.state) is None

    process.state.write_text(text)


def test_a_killed_controller_leaves_the_service_running_and_adoptable(tiny: Tiny) -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path\n"
        "from tests.adapters.local.tiny import Tiny\n"
        "print(Tiny(Path(sys.argv[3])).serving().pid, flush=True)\n"
        "sys.stdin.read()"
    )
    root = Path(__file__).parents[3]
    argv = [sys.executable, "-c", code, str(root / "src"), str(root), str(tiny.folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout
        pid = int(controller.stdout.readline())
        controller.kill()

    process = processes.adopt(tiny.folder / "states" / "api.json")

    assert process and process.pid == pid
    assert process.alive() and process.owns_port(port_of(process))
    assert process.stop(within=10)
    assert process.exit_code() == -signal.SIGTERM


CONTROLLER = """
import sys; sys.path[:0] = sys.argv[1:3]
from pathlib import Path
from tests.adapters.local.tiny import Tiny
from staging_gate.adapters.local import processes
spec = Tiny(Path(sys.argv[3])).command("sleep", "600", environ={"PATH": "/bin", "MARK": sys.argv[3]})
print("now", flush=True)
processes.start(spec)
sys.stdin.read()
"""


@pytest.mark.parametrize("milliseconds", [0, 2, 5, 8, 10, 12, 14, 16, 18, 20, 25, 35])
def test_a_controller_killed_at_any_moment_of_a_start_leaves_one_process_or_none(tiny: Tiny, milliseconds: int) -> None:
    root = Path(__file__).parents[3]
    argv = [sys.executable, "-c", CONTROLLER, str(root / "src"), str(root), str(tiny.folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as controller:
        assert controller.stdout
        controller.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            controller.wait(milliseconds / 1000)
        controller.kill()

    mark = {"PATH": "/bin", "MARK": str(tiny.folder)}
    process = processes.start(tiny.command("sleep", "600", environ=mark))

    eventually(lambda: marked(tiny.folder) == [process.pid])
    process.stop(within=0)
    assert marked(tiny.folder) == []


def marked(folder: Path) -> list[int]:
    found = []
    for pid in procfs.everybody():
        with contextlib.suppress(OSError):
            if f"MARK={folder}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def test_a_listener_of_somebody_else_is_not_ours(tiny: Tiny) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        process = processes.start(tiny.spec(port=port))

        assert not process.owns_port(port)
        assert process.wait(10)
        assert "address already in use" in log_of(process)
        assert ports.holder_of(port) == f"{procfs.command(os.getpid())} (pid {os.getpid()})"


def test_a_port_that_is_shared_with_somebody_else_is_not_ours(tiny: Tiny) -> None:
    process = tiny.serving()
    port = port_of(process)
    with socket.socket(socket.AF_INET6) as foreign:
        foreign.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        foreign.bind(("::1", port))
        foreign.listen()
        assert not process.owns_port(port)
    assert process.owns_port(port)
    assert not process.owns_port(port + 1)


def test_a_worker_of_the_service_may_be_the_one_that_listens(tiny: Tiny) -> None:
    spec = tiny.spec()
    shell = replace(spec, argv=("sh", "-c", '"$@"; true', "sh", *spec.argv), environ={"PATH": "/bin", **spec.environ})

    process = processes.start(shell)

    eventually(lambda: process.owns_port(port_of(process)))


def test_free_ports_differ_and_are_out_of_the_reach_of_outgoing_connections() -> None:
    chosen = [processes.free_port() for _ in range(100)]

    assert len(set(chosen)) == 100
    first_ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(1024 <= port < first_ephemeral for port in chosen)


def test_memory_is_that_of_the_whole_family(tiny: Tiny) -> None:
    process = tiny.serving(CHILD="far")
    eventually(lambda: "child" in log_of(process))

    assert 8_000_000 < process.rss() < 200_000_000
    process.stop(within=0)
    assert process.rss() == 0


def test_a_shim_that_can_not_work_says_why(tiny: Tiny) -> None:
    spec = tiny.command("true")
    spec.log.mkdir(parents=True)

    with pytest.raises(Unavailable) as unavailable:
        processes.start(spec)

    assert unavailable.value.message == "api could not be started."
    assert "Is a directory" in unavailable.value.evidence
