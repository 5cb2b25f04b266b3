"""The only way to learn the time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def pause(self, seconds: float) -> None:
        """Let time pass before asking an outside again. A movable clock returns at once."""
        ...
