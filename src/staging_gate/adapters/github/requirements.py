"""What branches require at GitHub, asked once for all pull requests that are looked at together."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from staging_gate.adapters.github.calls import Calls
from staging_gate.adapters.github.opinions import Required, required
from staging_gate.ports.clock import Clock

KNOWN_FOR = timedelta(seconds=9)
"""Less than the time between two looks. GitHub itself refuses a merge that lacks what was required meanwhile."""


class Requirements:
    """Safe from any thread: two that ask at once hear the same."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls, self._clock = calls, clock
        self._known: dict[str, tuple[datetime, Sequence[Required]]] = {}

    def of(self, branch: str) -> Sequence[Required]:
        at = self._clock.now()
        known = self._known.get(branch)
        if known is None or not timedelta(0) <= at - known[0] < KNOWN_FOR:
            known = at, required(self._calls.rules(branch), self._calls.classic_requirement(branch))
            self._known[branch] = known
        return known[1]
