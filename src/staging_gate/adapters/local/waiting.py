"""Waiting for real processes, which take real time: the machine's monotonic clock, never the time of day."""

import time
from collections.abc import Callable


class Limit:
    """A time limit that started when it was made. Without seconds it never ends."""

    def __init__(self, seconds: float | None = None) -> None:
        self._started = time.monotonic()
        self._seconds = seconds

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    @property
    def over(self) -> bool:
        return self._seconds is not None and self.spent >= self._seconds


def pause(seconds: float) -> None:
    """Let others work before looking again."""
    time.sleep(seconds)


def seldom(look: Callable[[], bool], every: float) -> Callable[[], bool]:
    """The same question, really asked only every so many seconds; in between the answer is no."""
    since = Limit(0)

    def asked() -> bool:
        nonlocal since
        if not since.over:
            return False
        since = Limit(every)
        return look()

    return asked
