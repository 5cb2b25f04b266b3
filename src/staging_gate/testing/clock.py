"""Clocks that tests set: one that is moved and never waits, and one that goes on by itself."""

from datetime import UTC, datetime, timedelta
from threading import Event, Lock

from staging_gate.adapters.clock import SystemClock

START = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
"""A Thursday morning."""


class MovableClock:
    """Implements `ports.clock.Clock`. A millisecond passes at every look, so no two moments are the same."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at
        self._turn = Lock()
        self.pauses: list[float] = []

    def now(self) -> datetime:
        with self._turn:
            self._at += timedelta(milliseconds=1)
            return self._at

    def pause(self, seconds: float, woken: Event | None = None) -> None:
        """Remembered in `pauses`; the time is over at once. None passes for whoever is woken already."""
        if woken is not None and woken.is_set():
            return
        self.pauses.append(seconds)
        self.advance(seconds=seconds)

    def advance(self, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        with self._turn:
            self._at += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


class SetClock(SystemClock):
    """The system's clock, set to another moment: for a whole server whose tests name dates."""

    def __init__(self, at: datetime) -> None:
        self._ahead = at - super().now()

    def now(self) -> datetime:
        return super().now() + self._ahead
