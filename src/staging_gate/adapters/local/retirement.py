"""Taking processes out of service without cutting off a request, in the background, and tidying up after them."""

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from staging_gate.adapters.local.places import Place, Places
from staging_gate.adapters.local.processes import Process
from staging_gate.adapters.local.proxy import Proxy
from staging_gate.adapters.local.waiting import Limit, pause
from staging_gate.ports.errors import Unavailable

KEPT_RECORDS = 5
"""How many earlier deployments of each service are remembered, with their builds: what can be put back at once."""


@dataclass(frozen=True)
class Retirement:
    """`drain_within` limits how long the last requests of a process may take."""

    proxy: Proxy
    drain_within: timedelta
    afterwards: Callable[[], None]

    def begin(self, places: Places, keep: tuple[str, ...]) -> threading.Thread:
        """Choose and mark, now; drain, stop and tidy up in the thread. After a crash, `resume` goes on with it."""
        with places.locked():
            going = self._choose(places, keep)
            for name in going:
                places.mark_retiring(name)
        return _in_background(places, lambda: self._retire(places, keep, going))

    def end_unclaimed(self, places: Places, awaited: Collection[str]) -> threading.Thread | None:
        """The same for what was started early, for deployments that do not come: none of those that are awaited."""
        if not _unclaimed(places, awaited):
            return None
        with places.locked():
            going = []
            for place in _unclaimed(places, awaited):
                if places.of_process(place.process) == [place]:  # else we were killed when its deployment took it
                    places.mark_retiring(place.process)
                    going.append(place.process)
                places.forget(place.deployment)
        return _in_background(places, lambda: self._let_go(places, going))

    def resume(self, every: Iterable[Places]) -> list[threading.Thread]:
        """Let go of what was marked when we were killed; at the start, for nobody else would before the next one."""
        marked = ((places, [name for name in places.process_names() if places.is_retiring(name)]) for places in every)
        return [_in_background(places, partial(self._let_go, places, going)) for places, going in marked if going]

    def _choose(self, places: Places, keep: tuple[str, ...]) -> list[str]:
        """Everything that runs and neither belongs to a kept deployment nor receives the traffic."""
        kept = {place.process for deployment in keep if (place := places.get(deployment))}
        kept |= {place.process for place in places.all() if place.port == self.proxy.current(places.route)}
        return [name for name in places.process_names() if name not in kept or places.is_retiring(name)]

    def _retire(self, places: Places, keep: tuple[str, ...], going: list[str]) -> None:
        self._let_go(places, going)
        with places.locked():
            for place in [place for place in places.all() if place.deployment not in keep][KEPT_RECORDS:]:
                places.forget(place.deployment)
        self.afterwards()

    def _let_go(self, places: Places, going: list[str]) -> None:
        for name in going:
            if process := places.process(name):
                self._drain(process)
                process.stop(float(process.labels["stop_within"]))
            places.remove_process(name)

    def _drain(self, process: Process) -> None:
        limit = Limit(self.drain_within.total_seconds())
        while not limit.over and self._is_busy(int(process.labels["port"])):
            pause(0.05)

    def _is_busy(self, port: int) -> bool:
        try:
            return self.proxy.in_flight(port) > 0
        except Unavailable:
            # Nobody can tell: give its requests all the time that they may have.
            return True


def _unclaimed(places: Places, awaited: Collection[str]) -> list[Place]:
    return [place for place in places.all() if place.unclaimed and place.deployment not in awaited]


def _in_background(places: Places, do: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=do, name=f"retire {places.route}", daemon=True)
    thread.start()
    return thread
