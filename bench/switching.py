"""Two releases of the deploy target `local`, both warm, and nothing but switches between them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from bench.asking import asking, until_answered
from bench.machine import ACCOUNT, free_port, git, milliseconds
from bench.releases import Product
from bench.sides.plain import point, revision_on
from staging_gate.adapters.local import Settings, connect
from staging_gate.adapters.local.accounts import interpreter_for
from staging_gate.config import YamlPolicyReader
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.ports.deploy_target import Order

EVERY = 0.05
"""Seconds between two switches."""
STEADY_SECONDS = 3.0
BUSY = 1700
"""Requests per second while a rollback is timed, so that it is known to less than a millisecond."""


@dataclass(frozen=True)
class Warm:
    """`name` is what its answers carry; `port` is its own."""

    name: str
    order: Order
    port: int


class Pair:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        public = free_port()
        self._address = f"http://127.0.0.1:{public}"
        product = Product(folder / "product", public, free_port())
        settings = Settings(folder / "state", interpreter_for(ACCOUNT), ACCOUNT, drain_within=timedelta(seconds=1))
        self._local = connect(settings, lambda: str(product.folder))
        self._target = self._local.target
        self._releases = [self._start(product) for _ in range(2)]
        self._target.switch(self._releases[0].order)

    def rollbacks(self, count: int) -> tuple[float, float]:
        """Medians in milliseconds: from the order to the first old answer; and of one health probe and the rename."""
        times, probes = [], []
        with asking(self._address, BUSY) as client:
            for back in self._turns(count):
                probes.append(milliseconds(partial(self._probe_and_rename, back)))
                began = time.time()
                self._target.put_back(back.order)
                times.append(until_answered(client, back.name, began))
        return round(median(times), 2), round(median(probes), 2)

    def failures(self, rate: int, switches: int) -> tuple[int, int]:
        """Failed requests: without switches, and over so many of them."""
        with asking(self._address, rate) as client:
            time.sleep(STEADY_SECONDS)
        steady = len(client.failures)
        with asking(self._address, rate) as client:
            for to in self._turns(switches):
                self._target.switch(to.order)
                time.sleep(EVERY)
        return steady, len(client.failures)

    def close(self) -> None:
        for release in self._releases:
            self._target.close_route(release.order)
            self._target.discard(release.order)
        self._local.proxy.stop()

    def _start(self, product: Product) -> Warm:
        release = product.release()
        policy = YamlPolicyReader().read((product.folder / "gate.yaml").read_bytes(), "gate.yaml")
        [service] = policy.services
        revision = Revision(release.commit, git("rev-parse", "HEAD^{tree}", cwd=product.folder))
        target = service.target(Environment.STAGING)
        order = Order(release.name, Environment.STAGING, service, target, revision)
        self._target.build(order, f"{release.name}/build", lambda: False)
        self._target.start(order)
        ready = self._target.wait_until_ready(order, lambda: False)
        return Warm(release.name, order, int(str(ready.address).rpartition(":")[2]))

    def _turns(self, count: int) -> Iterator[Warm]:
        """The second, the first, the second ..."""
        return islice(cycle(reversed(self._releases)), count)

    def _probe_and_rename(self, warm: Warm) -> None:
        revision_on(warm.port)
        point(self._folder / "beside", warm.port)
