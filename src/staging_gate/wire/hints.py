"""Waiting for a provider to get on with something: a look now and then, and one as soon as it tells us something."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Hints:
    """Who waits for what, by the provider's own ids. Safe from any thread; what nobody waits for is forgotten."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Event]] = defaultdict(list)
        self._turn = Lock()

    def tell(self, *about: str) -> None:
        """Something may have changed about these."""
        with self._turn:
            for event in [event for name in about for event in self._waiting.get(name, ())]:
                event.set()

    @contextmanager
    def awaiting(self, *about: str) -> Iterator[Event]:
        """Set as soon as there is a hint about one of these. To be cleared before each look, so that none is missed:
        `clear`, look, `clock.pause(seconds, woken)`."""
        woken = Event()
        with self._turn:
            for name in about:
                self._waiting[name].append(woken)
        try:
            yield woken
        finally:
            with self._turn:
                for name in about:
                    self._waiting[name].remove(woken)
                    if not self._waiting[name]:
                        del self._waiting[name]
