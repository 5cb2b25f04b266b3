"""A full disk, told in words: it is nobody's bad release."""

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from staging_gate.ports.errors import Unavailable
from staging_gate.wire.commands import Finished

_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_WORDS = tuple(os.strerror(number) for number in _ERRORS)


@contextmanager
def explained(root: Path) -> Iterator[None]:
    """Turn `no space left` of our own writing into Unavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in _ERRORS:
            raise full(root, str(error)) from error
        raise


def filled_by(finished: Finished, root: Path) -> bool:
    """Whether a command failed because the disk was full, or its files may not grow further."""
    return not finished.ok and (says_full(finished.tail, finished.code) or _left(root) == 0)


def says_full(text: str, code: int | None = None) -> bool:
    return code == -signal.SIGXFSZ or any(words in text for words in _WORDS)


def full(root: Path, evidence: str) -> Unavailable:
    return Unavailable(
        f"The disk of {root} is full ({_left(root)} MB free), or a file there may not grow further. What was half "
        "written is removed: free some space and try again.",
        evidence,
    )


def _left(root: Path) -> int:
    """Megabytes."""
    found = os.statvfs(root)
    return found.f_bavail * found.f_frsize // 1_000_000
