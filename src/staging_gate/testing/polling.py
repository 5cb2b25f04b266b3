"""The only polling in tests."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], within: float = 20.0, every: float = 0.02) -> T:
    """The first truthy answer of `look`; an AssertionError with its last answer once `within` seconds are over.

    An AssertionError inside `look` counts as not yet.
    """
    deadline = time.monotonic() + within
    last: object = None
    while time.monotonic() < deadline:
        try:
            answer = look()
            if answer:
                return answer
            last = answer
        except AssertionError as error:
            last = error
        time.sleep(every)
    raise AssertionError(f"not within {within:g} s; last: {last!r}")
