"""Waiting for a provider that is away or limits us: as long as it says, and else longer each time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import ParamSpec, TypeVar

from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Denied, Refused, Unavailable

AWAY_FOR = timedelta(hours=2)
"""How long a deployment that has begun waits for a provider that does not answer."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0
NOT_AGAIN_SOON = 3600.0
"""Seconds: to be told to whoever would ask again after we have waited that long."""

P = ParamSpec("P")
R = TypeVar("R")


def _always() -> None:
    """Somebody always waits for it."""


@dataclass(frozen=True)
class Patience:
    """What is Unavailable did not happen, so it is asked again. `go_on` is called before each pause, and raises where
    nobody waits for it any more."""

    clock: Clock
    go_on: Callable[[], None] = _always

    def __call__(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Raises what lasts, and everything else at once."""
        until, pause = self.clock.now() + AWAY_FOR, FIRST_PAUSE
        while True:
            try:
                return do(*args, **kwargs)
            except Unavailable as error:
                if self.clock.now() >= until:
                    raise Unavailable(error.message, error.evidence, NOT_AGAIN_SOON) from error
                self.go_on()
                self.clock.pause(max(error.retry_after or 0.0, pause))
                pause = min(2 * pause, LONGEST_PAUSE)


def patiently(clock: Clock, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """For what always goes on."""
    return Patience(clock)(do, *args, **kwargs)


@contextmanager
def blameless() -> Iterator[None]:
    """Where a deployment is under way, Refused says that the release is at fault. That a provider does not take what we
    ask is not; nor is a key that was revoked, which everybody knows from Denied."""
    try:
        yield
    except Denied:
        raise
    except Refused as refused:
        raise Unavailable(refused.message, refused.evidence, NOT_AGAIN_SOON) from refused
