"""Clients that go away, programs that are killed, time that runs out: nothing half done, nothing left running."""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import zlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from staging_gate.adapters.git import hook
from staging_gate.adapters.git.repository import hook_text
from staging_gate.testing import eventually
from tests.adapters.git.repositories import ENVIRON, Served, commit, git, serve


@dataclass(frozen=True)
class Program:
    pid: int
    group: int
    words: str


def programs_of_git() -> list[Program]:
    """What runs below this test, but for `git cat-file`, which the code host keeps open; parents first."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if child.status() != psutil.STATUS_ZOMBIE:
                found.append(Program(child.pid, os.getpgid(child.pid), " ".join(child.cmdline())))
    return [program for program in found if "cat-file" not in program.words]


def nothing_is_left(served: Served) -> bool:
    assert programs_of_git() == []
    assert list((served.host.path / "objects").glob("tmp_objdir*")) == []
    return True


def send_part_of_a_push(served: Served) -> socket.socket:
    """Begin a push: its command, the whole of one object, and nothing of the next."""
    command = f"{'0' * 40} {'1' * 40} refs/heads/feature/a\0 report-status".encode()
    blob = b"\x31" + zlib.compress(b"x")
    body = b"%04x%s0000" % (len(command) + 4, command) + b"PACK\0\0\0\2\0\0\0\3" + blob
    raw = socket.create_connection(("127.0.0.1", int(urlsplit(served.address).port or 0)), timeout=10)
    head = (
        "POST /git/marketedge.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
        f"Authorization: Basic {base64.b64encode(b'ada:right').decode()}\r\n"
        "Content-Type: application/x-git-receive-pack-request\r\n\r\n"
    )
    raw.sendall(head.encode() + body)
    return raw


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(served: Served) -> None:
    new = commit(served.host.path, "main", {"a": "1"})
    with send_part_of_a_push(served):
        eventually(lambda: any("unpack-objects" in program.words for program in programs_of_git()))

    eventually(lambda: nothing_is_left(served))
    assert served.host.branches() == {"main": new}
    assert served.received == []


def test_a_client_that_goes_away_from_a_clone_leaves_nothing(served: Served) -> None:
    commit(served.host.path, "main", {"big": base64.b64encode(os.urandom(12_000_000)).decode()})
    clone = subprocess.Popen(
        ["git", "clone", "--quiet", served.url(), str(served.folder / "copy")], env=ENVIRON, start_new_session=True
    )
    eventually(
        lambda: any("upload-pack" in program.words for program in programs_of_git() if program.group != clone.pid)
    )

    os.killpg(clone.pid, signal.SIGKILL)
    clone.wait()

    eventually(lambda: nothing_is_left(served))


def test_a_push_that_was_sent_whole_is_done_even_if_its_client_is_gone(served: Served) -> None:
    copy = served.clone()
    pushed = copy.commit(a="1")
    asked, go_on = threading.Event(), threading.Event()

    def hold_it() -> None:
        asked.set()
        go_on.wait(20)

    served.while_judging = hold_it
    push = subprocess.Popen(
        ["git", "-C", str(copy.path), "push", "--quiet", "origin", "HEAD:refs/heads/feature/a"],
        env=ENVIRON,
        start_new_session=True,
    )
    assert asked.wait(20)

    os.killpg(push.pid, signal.SIGKILL)
    push.wait()
    go_on.set()

    eventually(lambda: served.received)
    assert served.host.branches() == {"feature/a": pushed}
    eventually(lambda: nothing_is_left(served))


def programs_of_the_server() -> list[Program]:
    served = ("http-backend", "receive-pack", "hook.py")
    found = [program for program in programs_of_git() if any(word in program.words for word in served)]
    return [program for program in found if "send-pack" not in program.words]


def kill_the_first() -> None:
    os.kill(
        next(program.pid for program in programs_of_git() if program.words.endswith("git-http-backend")), signal.SIGKILL
    )


def kill_all() -> None:
    for program in programs_of_the_server():
        os.kill(program.pid, signal.SIGKILL)


def test_a_killed_http_backend_does_not_lose_what_git_did(served: Served) -> None:
    """git receive-pack, below it, goes on and finishes; what is passed on is what happened."""
    copy = served.clone()
    pushed = copy.commit(a="1")
    served.while_judging = kill_the_first

    copy.push("origin", "HEAD:refs/heads/feature/a")

    now = served.host.branches()
    assert now in ({}, {"feature/a": pushed})
    eventually(lambda: [update.new for _, updates in served.received for update in updates] == list(now.values()))
    eventually(lambda: not programs_of_the_server())


def test_when_all_of_git_is_killed_nothing_changes_and_the_next_push_works(served: Served) -> None:
    copy = served.clone()
    pushed = copy.commit(a="1")
    served.while_judging = kill_all

    said = copy.push("origin", "HEAD:refs/heads/feature/a")

    assert said.code != 0
    assert served.host.branches() == {}
    assert served.received == []
    served.while_judging = lambda: None
    assert copy.push("origin", "HEAD:refs/heads/feature/a").code == 0
    assert served.host.branches() == {"feature/a": pushed}


def test_a_push_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    with serve(tmp_path, within=timedelta(seconds=1)) as served:
        copy = served.clone()
        copy.commit(a="1")
        stopped = threading.Event()
        served.while_judging = lambda: stopped.wait(20)

        said = copy.push("origin", "HEAD:refs/heads/feature/a")
        stopped.set()

        assert said.code != 0
        assert served.host.branches() == {}
        assert served.received == []
        eventually(lambda: nothing_is_left(served))


SERVER = """
import sys
from pathlib import Path
from tests.adapters.git.repositories import serve
with serve(Path(sys.argv[1])) as served:
    print(served.address, flush=True)
    sys.stdin.read()
"""


def test_when_the_server_is_killed_in_the_middle_of_a_push_git_ends_and_nothing_changes(served: Served) -> None:
    """git 2.39 would spin for ever here if it were told the body's length."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(served.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with server:
        assert server.stdout
        served.address = server.stdout.readline().strip()
        with send_part_of_a_push(served):
            eventually(lambda: any("unpack-objects" in program.words for program in programs_of_git()))
            below = psutil.Process(server.pid).children(recursive=True)
            server.kill()

            eventually(lambda: not any(program.is_running() for program in below))

    assert served.host.branches() == {}
    git(served.host.path, "fsck", "--strict")


def run_the_hook(number: int | None, inherited: tuple[int, ...] = ()) -> "subprocess.CompletedProcess[str]":
    command = hook_text().splitlines()[1]
    environ = {**ENVIRON, hook.SOCKET: str(number)} if number is not None else ENVIRON
    return subprocess.run(
        ["/bin/sh", "-c", command],
        input="",
        capture_output=True,
        text=True,
        env=environ,
        pass_fds=inherited,
        timeout=20,
    )


def test_the_hook_refuses_when_the_server_has_gone_away() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        done = run_the_hook(theirs.fileno(), (theirs.fileno(),))

    assert done.returncode == 1
    assert done.stderr == hook.GONE + "\n"
    assert "Push again once `gate status` answers" in done.stderr


@pytest.mark.parametrize("answer", [b"", b"maybe", b"yes and no\n"])
def test_the_hook_takes_only_a_clear_yes(answer: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(answer)
        ours.shutdown(socket.SHUT_WR)
        done = run_the_hook(theirs.fileno(), (theirs.fileno(),))

    assert (done.returncode, done.stderr) == (1, hook.GONE + "\n")


@pytest.mark.parametrize("number", [None, 250])
def test_the_hook_refuses_without_its_socket(number: int | None) -> None:
    done = run_the_hook(number)

    assert done.returncode == 1
    assert done.stderr in (hook.ELSEWHERE + "\n", hook.GONE + "\n")
