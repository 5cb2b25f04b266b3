"""Merge to live, rollback, and what clients notice of it, beside a plain script and gunicorn's reload.

All sides deploy the same service from the same repository, in turn, each under the same strict client. Times run from
the call that asks for it to the first complete answer of the release that was asked for.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Protocol

from bench.asking import asking, until_answered
from bench.figures import Baseline, Figure
from bench.machine import free_port, milliseconds, say
from bench.releases import Product, Release
from bench.sides.gate import StagingGate
from bench.sides.hup import GunicornReload
from bench.sides.plain import PlainScript
from bench.switching import Pair

RATE = 380
"""Requests per second while something is deployed; so a time is known to about 3 ms."""
RATES = (380, 1700)
REFUSED = ("health", "crash", "smoke")
"""The faults that a gate must find before any traffic moves."""


class Side(Protocol):
    name: str
    address: str

    def prepare(self, release: Release) -> None: ...
    def deploy(self, release: Release) -> None: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Scale:
    rounds: int
    rollbacks: int
    switches: int


FULL, QUICK = Scale(rounds=12, rollbacks=50, switches=500), Scale(rounds=2, rollbacks=5, switches=40)


@dataclass
class Seen:
    """What the clients of one side saw: milliseconds until each release answered, and how many requests failed."""

    times: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def typical(self) -> float:
        return round(median(self.times), 1)


@dataclass
class Sides:
    product: Product
    gate: StagingGate
    plain: PlainScript
    hup: GunicornReload

    @property
    def all(self) -> tuple[Side, ...]:
        return (self.gate, self.plain, self.hup)


def run(quick: bool) -> Iterator[Figure]:
    scale = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        Path(folder).chmod(0o755)
        with opened(Path(folder)) as sides:
            yield from _deployments(sides, scale)
            yield from _taken_back(sides, scale)
            yield from _refused(sides)
        yield from _warm(Path(folder) / "warm", scale)


@contextmanager
def opened(folder: Path) -> Iterator[Sides]:
    """All sides with a first release live."""
    staging, production = free_port(), free_port()
    with ExitStack() as stack:
        product = Product(folder / "product", staging, production)
        say("setting up Staging Gate, the plain script and gunicorn")
        gate = StagingGate(folder / "gate", product, staging)
        stack.callback(gate.close)
        plain = PlainScript(folder / "plain", product)
        stack.callback(plain.close)
        hup = GunicornReload(folder / "gunicorn", product)
        stack.callback(hup.close)
        sides = Sides(product, gate, plain, hup)
        warm = {side.name: Seen() for side in sides.all}
        _round(sides, warm, 0)
        yield sides


def _deployments(sides: Sides, scale: Scale) -> Iterator[Figure]:
    seen = {side.name: Seen() for side in sides.all}
    for number in range(scale.rounds):
        _round(sides, seen, number)
        said = ", ".join(f"{name} {found.times[-1]:.0f} ms" for name, found in seen.items())
        say(f"deployment {number + 1} of {scale.rounds}: {said}")
    gate, plain, hup = (seen[side.name] for side in sides.all)
    script = Baseline("plain script, same build mode", plain.typical)
    yield Figure("deploy", "merge to live", gate.typical, "ms", script, most=1.15)
    reload = Baseline("gunicorn HUP from a git hook, no gate", hup.typical)
    yield Figure("deploy", "merge to live, with the gate on", gate.typical, "ms", reload, most=1.25)
    failures = Baseline(f"gunicorn HUP, {scale.rounds} deployments", hup.failed)
    what = f"failed requests, {scale.rounds} deployments"
    yield Figure("deploy", what, gate.failed, "requests", failures, most_value=0)


def _round(sides: Sides, seen: dict[str, Seen], number: int) -> None:
    turn = number % len(sides.all)
    for side in (*sides.all[turn:], *sides.all[:turn]):
        _deploy(side, sides.product.release(), seen[side.name])


def _deploy(side: Side, release: Release, seen: Seen) -> None:
    side.prepare(release)
    with asking(side.address, RATE) as client:
        began = time.time()
        side.deploy(release)
        seen.times.append(until_answered(client, release.name, began))
        side.finish()
    seen.failed += len(client.failures)


def _taken_back(sides: Sides, scale: Scale) -> Iterator[Figure]:
    """Releases that fail in public: from the failed verdict to the previous release, by itself."""
    good = sides.product.ask_for_smoke_tests()
    sides.gate.prepare(good)
    sides.gate.approve()
    sides.gate.deploy(good)
    sides.gate.finish()
    times, probes = [], []
    for _ in range(scale.rounds):
        release = sides.product.release("smoke in public")
        sides.gate.prepare(release)
        probes.append(milliseconds(sides.plain.probe_and_rename))
        with asking(sides.gate.address, RATE) as client:
            sides.gate.deploy(release)
            sides.gate.finish()
        times.append(until_answered(client, good.name, sides.gate.ended("rolled_back")))
    probe = Baseline("one health probe and the rename", round(median(probes), 2))
    yield Figure("deploy", "failed verdict to the first old answer", round(median(times), 1), "ms", probe)


def _refused(sides: Sides) -> Iterator[Figure]:
    """Releases that fail their gate: how many requests ever reach one."""
    reached = 0
    for fault in REFUSED:
        release = sides.product.release(fault)
        sides.gate.prepare(release)
        with asking(sides.gate.address, RATE) as client:
            sides.gate.deploy(release)
            sides.gate.finish()
        sides.gate.ended("failed")
        reached += sum(one.revision == release.name or one.failed for one in client.results)
    peer = Baseline("gunicorn HUP, the one whose /health is 500, for a second", _reached_peer(sides))
    what = f"requests that reach releases which fail their gate ({', '.join(REFUSED)})"
    yield Figure("deploy", what, reached, "requests", peer, most_value=0)


def _reached_peer(sides: Sides) -> int:
    release = sides.product.release("health")
    sides.hup.prepare(release)
    with asking(sides.hup.address, RATE) as client:
        sides.hup.deploy(release)
        time.sleep(1.0)
    return sum(one.revision == release.name for one in client.results)


def _warm(folder: Path, scale: Scale) -> Iterator[Figure]:
    """Two warm releases, and nothing but switches between them."""
    pair = Pair(folder)
    try:
        called, probe = pair.rollbacks(scale.rollbacks)
        beside = Baseline("one health probe and the rename", probe)
        yield Figure("deploy", "warm rollback to the first old answer", called, "ms", beside, most=2.5)
        for rate in RATES:
            still, moving = pair.failures(rate, scale.switches)
            steady = Baseline("the same load without switches", still)
            what = f"failed requests, {scale.switches} switches at {rate:,}/s"
            yield Figure("deploy", what, moving, "requests", steady, most_value=0)
    finally:
        pair.close()
