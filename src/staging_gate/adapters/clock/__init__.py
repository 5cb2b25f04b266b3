"""The system's clock: the one place that reads the time."""

import time
from datetime import UTC, datetime
from threading import Event


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def pause(self, seconds: float, woken: Event | None = None) -> None:
        if woken is None:
            time.sleep(seconds)
        else:
            woken.wait(seconds)
