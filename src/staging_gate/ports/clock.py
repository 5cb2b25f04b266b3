"""The only way to learn the time."""

from datetime import datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def pause(self, seconds: float, woken: Event | None = None) -> None:
        """Let time pass before asking an outside again, but no longer than until `woken`. A movable clock returns at
        once."""
        ...
