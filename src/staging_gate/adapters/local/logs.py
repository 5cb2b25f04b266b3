"""Captured output as plain files: `staging-12/build-api` is `staging-12/build-api.log` in the folder of logs."""

import codecs
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from staging_gate.adapters.local.layout import NAME, make_folder
from staging_gate.ports.errors import Refused

LARGEST = 64 * 1024 * 1024
"""Bytes that one log may hold; what comes after is dropped, and the log says so."""
LARGEST_READ = 1024 * 1024
TAIL = 128 * 1024
CUT = "\n[the log is full: the rest was not kept]\n"


class FileLogs:
    """Implements `ports.logs.Logs`. Files only ever grow, so an offset stays right."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest

    def append(self, ref: str, text: str) -> None:
        path = self.path(ref)
        # A full disk loses lines, never the work that they are about.
        with contextlib.suppress(OSError):
            make_folder(path.parent)
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                _write(file, text.encode(errors="replace"), self._largest - os.fstat(file).st_size)
            finally:
                os.close(file)

    def read(self, ref: str, offset: int = 0, limit: int = 65_536) -> tuple[str, int]:
        path, offset = self.path(ref), max(0, offset)
        try:
            with path.open("rb") as file:
                file.seek(offset)
                block = file.read(min(max(limit, 4), LARGEST_READ))
        except FileNotFoundError:
            return "", offset
        # A character whose last bytes are not there yet is left for the next reading.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(block)
        return text, offset + len(block) - len(decoder.getstate()[0])

    def size(self, ref: str) -> int:
        """How many bytes were written so far."""
        try:
            return self.path(ref).stat().st_size
        except FileNotFoundError:
            return 0

    def lines(self, ref: str, offset: int) -> Iterator[str]:
        """One after the other, from a byte offset to the end of now."""
        with contextlib.suppress(FileNotFoundError), self.path(ref).open("rb") as file:
            file.seek(offset)
            yield from (line.decode(errors="replace").rstrip("\r\n") for line in file)

    def tail(self, ref: str, lines: int = 50) -> str:
        return last_lines(self.path(ref), lines)

    def path(self, ref: str) -> Path:
        """The file of a log. Raises Refused for what is no name of one."""
        parts = ref.split("/")
        if len(parts) > 4 or not all(NAME.fullmatch(part) for part in parts):
            raise Refused(f"{ref!r} is not the name of a log; names look like `staging-12/build-api`.")
        return self._folder.joinpath(*parts[:-1], parts[-1] + ".log")


def last_lines(path: Path, lines: int = 50) -> str:
    """The end of a file; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _write(file: int, block: bytes, room: int) -> None:
    if room > 0:
        os.write(file, block[:room] + (CUT.encode() if len(block) >= room else b""))
