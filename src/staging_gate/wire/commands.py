"""Running programs: argument lists only, always with a time limit, always the whole process group.

`capture` is for short questions to tools; `stream` for a project's own commands, whose output people watch.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from staging_gate.ports.errors import Unavailable

KEPT_TAIL = 64 * 1024
"""Bytes of a streamed command's output that are kept for its last words."""


@dataclass(frozen=True)
class Account:
    """Whom a command runs as, where we may choose."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Captured:
    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode(errors="replace")


@dataclass(frozen=True)
class Finished:
    """`code` is None where the command was stopped by us: `stopped` says why (`time` or `cancelled`)."""

    code: int | None
    tail: str
    seconds: float
    stopped: str = ""

    @property
    def ok(self) -> bool:
        return self.code == 0


def capture(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path | None = None,
    given: bytes | None = None,
    within: float = 60.0,
) -> Captured:
    """Run a tool and return all it said. A missing program or a time-out is Unavailable."""
    try:
        done = subprocess.run(
            list(argv),
            cwd=cwd,
            env=dict(environ),
            input=given,
            capture_output=True,
            timeout=within,
            check=False,
        )
    except FileNotFoundError as error:
        raise Unavailable(f"The program {argv[0]} is not installed.", str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{argv[0]} did not finish within {within:g} s.", " ".join(argv)) from error
    return Captured(done.returncode, done.stdout, done.stderr)


def stream(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    within: float,
    output: Callable[[str], None],
    cancelled: Callable[[], bool] = lambda: False,
    account: Account | None = None,
) -> Finished:
    """Run a project's command in a process group of its own; `output` gets its text as it comes.

    The whole group is gone when this returns, also after a time-out or a cancel. Raises Unavailable where the program
    is missing or can not be started.
    """
    started = time.monotonic()
    process = start(argv, environ, cwd, account)
    tail = bytearray()
    try:
        stopped = _pump(process, started + within, output, cancelled, tail)
        code = None if stopped else process.wait()
    finally:
        end_group(process)
    return Finished(code, tail.decode(errors="replace"), time.monotonic() - started, stopped)


def start(
    argv: Sequence[str],
    environ: Mapping[str, str],
    cwd: Path,
    account: Account | None,
    *,
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.STDOUT,
) -> "subprocess.Popen[bytes]":
    """Start a program in a process group of its own, with its output in a pipe. Raises Unavailable."""
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(environ),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise Unavailable(f"{argv[0]} can not be started: {error.strerror}.", " ".join(argv)) from error


def _pump(
    process: "subprocess.Popen[bytes]",
    deadline: float,
    output: Callable[[str], None],
    cancelled: Callable[[], bool],
    tail: bytearray,
) -> str:
    """Pass output on until the pipe closes; returns why it was stopped, or nothing."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if cancelled():
                return "cancelled"
            left = deadline - time.monotonic()
            if left <= 0:
                return "time"
            # A child that keeps the pipe open after its parent has ended must not hold us: look at the parent too.
            if not selector.select(min(left, 0.25)):
                if process.poll() is not None:
                    return ""
                continue
            block = os.read(pipe, 65_536)
            if not block:
                return "" if _waits(process, deadline) else "time"
            tail += block
            del tail[:-KEPT_TAIL]
            output(block.decode(errors="replace"))


def _waits(process: "subprocess.Popen[bytes]", deadline: float) -> bool:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def end_group(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
