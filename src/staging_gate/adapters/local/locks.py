"""One at a time, among threads and processes: file locks that the kernel lets go when their holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from staging_gate.adapters.local.layout import make_folder
from staging_gate.adapters.local.waiting import pause
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import Stopped


def never() -> bool:
    return False


@contextmanager
def locked(path: Path, *, shared: bool = False, cancelled: Cancelled = never) -> Iterator[None]:
    """Wait for the lock and hold it. Raises Stopped when `cancelled` turns true while waiting."""
    make_folder(path.parent)
    while (held := _take(path, shared, wait=cancelled is never)) is None:
        if cancelled():
            raise Stopped("It was cancelled while it waited for another one to finish.")
        pause(0.02)
    try:
        yield
    finally:
        os.close(held)


@contextmanager
def locked_for_removal(path: Path) -> Iterator[bool]:
    """Whether the lock is ours, at once. If so, what it guards may be removed; the lock file is removed with it."""
    held = _take(path, shared=False) if path.parent.is_dir() else None
    try:
        yield held is not None
    finally:
        if held is not None:
            path.unlink(missing_ok=True)
            os.close(held)


def _take(path: Path, shared: bool, wait: bool = False) -> int | None:
    """An open, locked file; None while somebody else has it, or where its last holder has removed it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(file)
        return None
    if _is_still(file, path):
        return file
    os.close(file)
    return None


def _is_still(file: int, path: Path) -> bool:
    """Whether the file that we locked is the one by that name: its last holder may have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False
