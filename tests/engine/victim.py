"""A process with an engine, made to be killed: it does `release`, whose effects are lines in a file."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Event

from staging_gate.engine import Engine, Run, connect, enqueue, procedure, writing
from staging_gate.testing import eventually

KEY = "the-release"
RUN = f"release-{KEY}"
STEPS = ("build", "start", "switch")
KILL_POINTS = ["asked", *(f"{when} {step}" for step in STEPS for when in ("before", "in", "after")), "at the end"]

# Started once and forked from then on: a fresh interpreter would take a second to import everything.
_processes = get_context("forkserver")
_processes.set_forkserver_preload(["staging_gate.engine.durable", "tests.engine.victim"])


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def pause(self, seconds: float, woken: Event | None = None) -> None:
        raise AssertionError("no step of the victim is unavailable")


class Victim:
    """What a step gets as its ports: where its effects go, and when to die."""

    def __init__(self, folder: Path, kill_at: str) -> None:
        self._folder = folder
        self._kill_at = kill_at

    def note(self, line: str) -> None:
        with (self._folder / "effects").open("a") as effects:
            effects.write(line + "\n")

    def point(self, name: str) -> None:
        if name == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def hold(self, step: str) -> None:
        """Stay in a step as long as there is a file of that name."""
        eventually(lambda: not (self._folder / f"hold {step}").exists(), within=30)


@procedure("release")
def release(run: Run, subject: str) -> None:
    for step in STEPS:
        run.ports.point(f"before {step}")
        run.step(step, work, step)
        run.ports.point(f"after {step}")
    run.ports.point("at the end")


def work(victim: Victim, step: str) -> str:
    victim.note(f"begin {step}")
    victim.hold(step)
    victim.point(f"in {step}")
    victim.note(f"end {step}")
    return step


@procedure("many steps")
def many_steps(run: Run, subject: str) -> None:
    for number in range(40):
        run.step(f"step {number}", work, f"step {number}")


def live(address: str, folder: Path, procedure: str, kill_at: str, lease_seconds: float) -> None:
    """Ask for the run, unless that was done before; do it; end when it has ended, or at a SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    database = connect(address)
    victim = Victim(folder, kill_at)
    clock = SystemClock()
    with writing(database) as connection:
        run = enqueue(connection, procedure, "v1.0.0", clock.now(), KEY)
    victim.point("asked")
    engine = Engine(database, victim, clock, lease_seconds=lease_seconds)
    engine.start()
    victim.note("started")
    try:
        engine.wait(run, within=60)
    finally:
        engine.stop()
        os._exit(0)


Start = Callable[..., ForkServerProcess]


@contextmanager
def processes(address: str, folder: Path) -> Iterator[Start]:
    """`start(procedure=..., kill_at=..., lease_seconds=...)` starts one; whatever is left at the end is killed."""
    started: list[ForkServerProcess] = []

    def start(procedure: str = "release", kill_at: str = "", lease_seconds: float = 30.0) -> ForkServerProcess:
        process = _processes.Process(target=live, args=(address, folder, procedure, kill_at, lease_seconds))
        process.start()
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.join()


def effects(folder: Path) -> list[str]:
    file = folder / "effects"
    return [line for line in file.read_text().splitlines() if line != "started"] if file.exists() else []
