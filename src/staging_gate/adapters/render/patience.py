"""Waiting for Render where it is away or limits us: as long as it says, and else longer each time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def patiently(clock: Clock, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What is Unavailable did not happen, so it is asked again. Raises what lasts, and everything else at once."""
    until, pause = clock.now() + AWAY_FOR, FIRST_PAUSE
    while True:
        try:
            return do(*args, **kwargs)
        except Unavailable as error:
            if clock.now() >= until:
                raise Unavailable(error.message, error.evidence, NOT_AGAIN_SOON) from error
            clock.pause(max(error.retry_after or 0.0, pause))
            pause = min(2 * pause, LONGEST_PAUSE)


@contextmanager
def blameless() -> Iterator[None]:
    """Where a deployment is under way, Refused says that the release is at fault. That Render does not take what we
    ask is not; nor is a key that was revoked, which everybody knows from Denied."""
    try:
        yield
    except Denied:
        raise
    except Refused as refused:
        raise Unavailable(refused.message, refused.evidence, NOT_AGAIN_SOON) from refused
