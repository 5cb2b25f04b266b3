"""What the kernel says about processes on this machine."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """One process, not to be mistaken for a later one with the same number: `start` is in ticks since the boot."""

    pid: int
    start: int

    def alive(self) -> bool:
        """A zombie is dead: it only waits for its parent to look."""
        found = stat(self.pid)
        return found is not None and found.start == self.start and found.state not in "ZX"

    @contextlib.contextmanager
    def held(self) -> Iterator[int | None]:
        """A pidfd of exactly this process, also when it is a zombie; None when it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            yield None
            return
        try:
            # After the opening: when the number still names our process now, it also did then.
            found = stat(self.pid)
            yield handle if found and found.start == self.start else None
        finally:
            os.close(handle)


@dataclass(frozen=True)
class Stat:
    state: str
    session: int
    start: int


def stat(pid: int) -> Stat | None:
    """None when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Stat(fields[0].decode(), int(fields[3]), int(fields[19]))


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def everybody() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def descendants(pid: int) -> list[int]:
    """All processes below this one, parents before children."""
    found = _children(pid)
    for one in found:
        found.extend(_children(one))
    return found


def resident(pids: list[int]) -> int:
    """Bytes of memory; pages that several of them share are counted for each."""
    pages = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            pages += int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def owners(links: set[str], pids: list[int]) -> dict[str, int]:
    """Which of these processes has which of these sockets open, as far as we may look."""
    return {link: pid for pid in pids for link in links.intersection(_links(pid))}


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "a program"


def arguments(pid: int) -> list[bytes]:
    """Its command line; nothing where it ended, or may not be looked at."""
    return _words(pid, "cmdline")


def variables(pid: int) -> list[bytes]:
    """What it was started with, as NAME=value; nothing where it ended, or may not be looked at."""
    return _words(pid, "environ")


def _words(pid: int, file: str) -> list[bytes]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{file}").read_bytes().split(b"\0")
    return []


def _children(pid: int) -> list[int]:
    found: list[int] = []
    # The list is kept per thread, and any thread may have forked.
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.extend(int(child) for child in path.read_bytes().split())
    return found


def _links(pid: int) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for file in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                yield os.readlink(file.path)
