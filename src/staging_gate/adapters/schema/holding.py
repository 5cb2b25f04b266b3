"""Files that say who is alive: their holder has them locked, and the kernel lets go of what the dead have held."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Make the file and hold it; it is gone afterwards."""
    file = None
    while file is None:  # who sweeps may have removed what we had opened
        file = _take(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


@contextmanager
def of_the_dead(path: Path) -> Iterator[bool]:
    """Whether nobody holds the file any more. If so it is ours in the block, and gone afterwards."""
    file = _take(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield file is not None
    finally:
        if file is not None:
            path.unlink(missing_ok=True)
            os.close(file)


def _take(path: Path, how: int) -> int | None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, how)
        if os.path.samestat(path.stat(), os.fstat(file)):
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(file)
    return None
