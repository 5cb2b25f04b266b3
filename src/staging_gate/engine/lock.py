"""One engine process per SQLite file: two would take each other's unfinished runs for those of a dead process."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection


class AlreadyRunning(Exception):
    """Another process holds the database; the text names it and says what to do."""


class FileLease:
    """Held from `take` until `release` or the end of the process, however it ends. Not inherited by children."""

    id = "local"

    def __init__(self, database: Path) -> None:
        self._database = database
        self._file: int | None = None

    def take(self) -> None:
        """Raises AlreadyRunning."""
        path = self._database.with_name(self._database.name + ".lock")
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(file, 20).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise AlreadyRunning(
                f"Another engine (process {holder}) works on {self._database}. With SQLite there can be only one: "
                "stop that one first, or use Postgres to have several workers."
            ) from error
        os.truncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def guard(self, connection: Connection) -> None:
        """Never lost while the process lives."""

    def dead_among(self, workers: Callable[[], set[str]]) -> set[str]:
        """There are no others; what our own predecessor left is taken up at the start."""
        return set()
