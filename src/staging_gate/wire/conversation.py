"""A program that is asked one thing after the other: a line of JSON in, a line of JSON out."""

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from staging_gate.ports.errors import Stopped
from staging_gate.wire.commands import KEPT_TAIL, Account, end_group, start

LOOK_EVERY = 0.25


class Ended(Exception):
    """The program ended before it answered; the text is its last words."""


class TimeIsUp(Exception):
    """It did not answer in time."""


@dataclass
class Conversation:
    """What the program says on its standard error goes to `output`, and its last part is kept in `said`."""

    process: "subprocess.Popen[bytes]"
    output: Callable[[str], None]
    cancelled: Callable[[], bool]
    _answer: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)

    @property
    def said(self) -> str:
        return self._tail.decode(errors="replace")

    def ask(self, question: object, within: float) -> Any:
        """Raises Ended, TimeIsUp, and Stopped where nobody waits any more."""
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self._drain()
            raise Ended(self.said) from None
        return json.loads(self._line(time.monotonic() + within))

    def _line(self, deadline: float) -> bytes:
        assert self.process.stdout and self.process.stderr
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            selector.register(self.process.stderr, selectors.EVENT_READ)
            while b"\n" not in self._answer:
                if self.cancelled():
                    raise Stopped("It was cancelled.")
                if (left := deadline - time.monotonic()) <= 0:
                    raise TimeIsUp
                for key, _ in selector.select(min(left, LOOK_EVERY)):
                    block = os.read(key.fd, 65_536)
                    if key.fileobj is self.process.stderr:
                        self._hear(block)
                        if not block:
                            selector.unregister(key.fileobj)
                    elif block:
                        self._answer += block
                    else:
                        self._drain()
                        raise Ended(self.said)
        line, _, rest = bytes(self._answer).partition(b"\n")
        self._answer[:] = rest
        return line

    def _hear(self, block: bytes) -> None:
        self._tail += block
        del self._tail[:-KEPT_TAIL]
        if block:
            self.output(block.decode(errors="replace"))

    def _drain(self) -> None:
        """The last words of a program that has closed its output."""
        assert self.process.stderr
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        os.set_blocking(self.process.stderr.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            while block := os.read(self.process.stderr.fileno(), 65_536):
                self._hear(block)


@contextmanager
def conversation(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    output: Callable[[str], None],
    cancelled: Callable[[], bool] = lambda: False,
    account: Account | None = None,
) -> Iterator[Conversation]:
    """Start a program in a process group of its own; all of it is gone at the end of the block."""
    process = start(argv, environ, cwd, account, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield Conversation(process, output, cancelled)
    finally:
        for pipe in (process.stdin, process.stderr):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        end_group(process)
