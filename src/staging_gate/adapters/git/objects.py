"""Looking objects up by name through one git process that is kept open: 0.1 ms instead of a process each time."""

import contextlib
import os
import select
import subprocess
import threading
from dataclasses import dataclass

from staging_gate.adapters.git.program import LONGEST, Git
from staging_gate.ports.errors import Refused, Unavailable


@dataclass(frozen=True)
class Found:
    id: str
    kind: str
    size: int


class Objects:
    """Safe from any thread. The process is started at the first question, and again when it has died."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()

    def find(self, *names: str) -> list[Found | None]:
        """What each name stands for; None where there is none. A short id that fits several objects is Refused."""
        return [self._ask("info", name)[0] for name in names]

    def read(self, name: str, limit: int) -> bytes | None:
        """The content of a blob; None where there is none. Refused where it has more than `limit` bytes."""
        found = self.find(name)[0]
        if found is None or found.kind != "blob":
            return None
        if found.size > limit:
            raise Refused(f"{name} has {found.size:,} bytes; at most {limit:,} are read.")
        return self._ask("contents", found.id)[1]

    def header(self, name: str, field: str) -> str:
        """One header line of a commit, without the field's name."""
        text = self._ask("contents", name)[1].decode(errors="replace")
        lines = text.partition("\n\n")[0].splitlines()
        return next(line.removeprefix(f"{field} ") for line in lines if line.startswith(f"{field} "))

    def close(self) -> None:
        with self._turn:
            self._end()

    def _ask(self, verb: str, name: str) -> tuple[Found | None, bytes]:
        if "\n" in name:
            return None, b""
        broken: Exception | None = None
        with self._turn:
            for _ in range(2):  # It may have been killed since the last question: then once more, with a new one.
                try:
                    return self._exchange(verb, name)
                except (OSError, EOFError) as error:
                    self._end()
                    broken = error
        self._git.ask("rev-parse", "--git-dir")  # says what is wrong with the repository, if that is it
        raise Unavailable(f"git stopped while it read from {self._git.path}.", str(broken)) from broken

    def _exchange(self, verb: str, name: str) -> tuple[Found | None, bytes]:
        if self._process is None:
            self._process = self._git.start("cat-file", "--batch-command")
        assert self._process.stdin is not None
        self._process.stdin.write(f"{verb} {name}\n".encode(errors="surrogateescape"))
        self._process.stdin.flush()
        answer = self._line()
        if answer.endswith(" ambiguous"):
            raise Refused(f"{name} is the beginning of several commits. Give more of its letters.")
        if answer.endswith(" missing"):
            return None, b""
        id_, kind, size = answer.rsplit(" ", 2)
        found = Found(id_, kind, int(size))
        return found, self._exactly(found.size + 1)[:-1] if verb == "contents" else b""

    def _line(self) -> str:
        while (end := self._buffer.find(b"\n")) < 0:
            self._fill()
        return self._take(end + 1)[:-1].decode(errors="replace")

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        waiting = select.poll()
        waiting.register(pipe, select.POLLIN)
        if not waiting.poll(LONGEST * 1000):
            raise TimeoutError(f"no answer within {LONGEST:g} s")
        block = os.read(pipe, 65_536)
        if not block:
            raise EOFError("git closed its output")
        self._buffer += block

    def _end(self) -> None:
        process, self._process = self._process, None
        self._buffer.clear()
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    assert pipe is not None
                    pipe.close()
            process.wait()
