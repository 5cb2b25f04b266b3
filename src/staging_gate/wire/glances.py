"""What pages show of a provider is looked up now and then, not once for each who looks: they share one rate limit."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar, cast

from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Unavailable

KEPT_FOR = timedelta(seconds=10)

R = TypeVar("R")


class Glances:
    """Answers are good for ten seconds, or until we change something. While the provider is away nobody else waits for
    it either. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = Lock()
        self._known: dict[str, tuple[datetime, object]] = {}
        self._changes = 0
        self._away: tuple[datetime, Unavailable] | None = None

    def at(self, what: str, look: Callable[[], R]) -> R:
        """Raises what `look` raises."""
        now = self._clock.now()
        with self._turn:
            known, away = self._known.get(what), self._away
        if known is not None and now - known[0] < KEPT_FOR:
            return cast(R, known[1])
        if away is not None and now - away[0] < KEPT_FOR:
            raise Unavailable(away[1].message, away[1].evidence, away[1].retry_after)
        return self._looked(what, look)

    def forget(self) -> None:
        """We have changed something there."""
        with self._turn:
            self._known.clear()
            self._changes += 1

    def _looked(self, what: str, look: Callable[[], R]) -> R:
        changes = self._changes
        try:
            found = look()
        except Unavailable as error:
            with self._turn:
                self._away = self._clock.now(), error
            raise
        with self._turn:
            if changes == self._changes:  # else it may be from before that
                self._known[what] = self._clock.now(), found
            self._away = None
        return found
