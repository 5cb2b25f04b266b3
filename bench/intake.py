"""Webhooks: durable, verified deliveries a second, beside a bare Starlette that only verifies and, where it is
installed, Debian's `webhook`, which stores nothing; and whether a kill under load loses one that was answered.

One server process at a time, the whole of Staging Gate on its side, and 32 kept connections from one client process;
the sides take turns, the figure is the median.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.figures import Baseline, Figure
from bench.machine import Broke, say
from bench.sides.webhooks import Taker
from staging_gate.testing import eventually

SIZES = {"400 B": 400, "10 KB": 10_240}
LEAST = {"bare Starlette, stores nothing": (0.65, 0.65), "Debian's webhook, stores nothing": (1.5, 2.0)}
"""How many times as many deliveries as beside it, by size."""


@dataclass(frozen=True)
class Scale:
    rounds: int
    seconds: float
    kills: int


FULL, QUICK = Scale(rounds=5, seconds=4.0, kills=20), Scale(rounds=1, seconds=1.0, kills=2)


def run(quick: bool) -> Iterator[Figure]:
    scale = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as place:
        folder = Path(place)
        for index, (name, size) in enumerate(SIZES.items()):
            yield from _rates(folder, scale, index, name, size)
        yield _kills(folder / "killed", scale)


def _rates(folder: Path, scale: Scale, index: int, name: str, size: int) -> Iterator[Figure]:
    sides = dict(zip(LEAST, ("bare", "webhook"), strict=True))
    sides = {said: kind for said, kind in sides.items() if kind != "webhook" or shutil.which("webhook")}
    rates: dict[str, list[float]] = {kind: [] for kind in ("gate", *sides.values())}
    for number in range(scale.rounds):
        for kind, found in rates.items():
            with Taker(kind, folder / f"{kind}-{size}-{number}") as taker:
                found.append(_rate(taker, size, scale.seconds))
            say(f"{kind}, {name}: {found[-1]:.0f} deliveries/s")
    value = median(rates["gate"])
    for said, kind in sides.items():
        beside = Baseline(said, round(median(rates[kind])))
        least = LEAST[said][index]
        yield Figure("intake", f"deliveries of {name}", round(value), "deliveries/s", beside, least=least)


def _rate(taker: Taker, size: int, seconds: float) -> float:
    _send(taker, size, 0.5, first=0)
    done = _send(taker, size, seconds, first=10**9)
    if done["end"]:
        raise Broke(f"{taker.kind} ended a connection: {done['end']}")
    return float(done["answered"]) / float(done["seconds"])


def _send(taker: Taker, size: int, seconds: float, first: int) -> dict[str, str]:
    argv = [sys.executable, "-m", "bench.sides.deliveries", str(taker.port), str(size), str(seconds), str(first)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _kills(folder: Path, scale: Scale) -> Figure:
    """SIGKILL under load, again and again, over one inbox: every number that was answered must be in it."""
    answered: set[int] = set()
    taker = Taker("gate", folder)
    for number in range(scale.kills):
        taker.start()
        told = folder / "numbers"
        argv = [sys.executable, "-m", "bench.sides.deliveries", str(taker.port), "400", "60", str(number * 10**9)]
        with subprocess.Popen([*argv, "--numbers", str(told)], stdout=subprocess.DEVNULL) as client:
            _until_some_came(folder / "inbox.db", number * 10**9)
            taker.kill()
            client.wait()
        answered |= {int(line) for line in told.read_text().split()}
    lost = answered - _kept(folder / "inbox.db")
    say(f"{scale.kills} kills, {len(answered)} deliveries were answered, {len(lost)} of them are lost")
    figure = f"lost of {len(answered)} answered, {scale.kills} kills under load"
    return Figure("intake", figure, len(lost), "deliveries", most_value=0)


def _until_some_came(inbox: Path, first: int, some: int = 500) -> None:
    eventually(lambda: sum(key >= first for key in _kept(inbox)) >= some)


def _kept(inbox: Path) -> set[int]:
    if not inbox.exists():
        return set()
    with closing(sqlite3.connect(inbox)) as reader:
        return {int(key) for (key,) in reader.execute("SELECT key FROM delivery")}
