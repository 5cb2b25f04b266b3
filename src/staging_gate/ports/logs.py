"""Captured output of builds, checks, smoke tests and services: appended by one, read by many while it grows."""

from typing import Protocol


class Logs(Protocol):
    def append(self, ref: str, text: str) -> None:
        """Add to the log that `ref` names, such as `staging-12/build-api`; it is made when it is not there."""
        ...

    def read(self, ref: str, offset: int = 0, limit: int = 65_536) -> tuple[str, int]:
        """Text from a byte offset, and the offset to go on from. A log that is not there reads as empty."""
        ...

    def tail(self, ref: str, lines: int = 50) -> str: ...
