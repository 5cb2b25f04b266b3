"""Ctrl-C and its like end the demo as an exception does: once, and when nothing is half begun."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody does not want the demo to go on. `number` is that of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Ending:
    """How signals are answered in this process. There is one of it, as there is one answer to a signal."""

    def __init__(self) -> None:
        self._deferring = False
        self._pending: int | None = None

    @contextmanager
    def by_signals(self) -> Iterator[None]:
        """Within the block, the first signal raises Interrupted, and more of them do nothing."""
        before = {number: signal.signal(number, self._answer) for number in ENDING}
        try:
            yield
        finally:
            self._pending = None
            for number, disposition in before.items():
                signal.signal(number, disposition)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Within the block, a signal waits for its end: what is started in it can be registered for its stopping."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
        if self._pending is not None:
            raise Interrupted(self._pending)

    def ignored(self) -> None:
        """From now on: cleaning up is not interrupted."""
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)

    def _answer(self, number: int, frame: FrameType | None) -> None:
        self.ignored()
        if self._deferring:
            self._pending = number
        else:
            raise Interrupted(number)


ending = Ending()
