"""Taking processes out of service without cutting off a request, in the background, and tidying up after them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from staging_gate.adapters.local.places import Places
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

    def begin(self, places: Places, keep: tuple[str, ...], stop_within: timedelta) -> threading.Thread:
        """Choose and mark, now; drain, stop and tidy up in the thread. Asked again after a crash, it goes on."""
        with places.locked():
            going = self._choose(places, keep)
            for name in going:
                places.mark_retiring(name)
        thread = threading.Thread(
            target=self._retire, args=(places, keep, going, stop_within), name=f"retire {places.route}", daemon=True
        )
        thread.start()
        return thread

    def _choose(self, places: Places, keep: tuple[str, ...]) -> list[str]:
        """Everything that runs and neither belongs to a kept deployment nor receives the traffic."""
        kept = {place.process for deployment in keep if (place := places.get(deployment))}
        kept |= {place.process for place in places.all() if place.port == self.proxy.current(places.route)}
        return [name for name in places.process_names() if name not in kept or places.is_retiring(name)]

    def _retire(self, places: Places, keep: tuple[str, ...], going: list[str], stop_within: timedelta) -> None:
        for name in going:
            if process := places.process(name):
                self._drain(process)
                process.stop(stop_within.total_seconds())
            places.remove_process(name)
        with places.locked():
            for place in [place for place in places.all() if place.deployment not in keep][KEPT_RECORDS:]:
                places.forget(place.deployment)
        self.afterwards()

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
