"""How fast the gate decides: the pure function, and `gate explain` and the board over years of work, each beside the
same in a store that holds nothing but what is asked about."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import quantiles

from bench.figures import Baseline, Figure
from bench.history import Size, write_history
from bench.machine import milliseconds, say
from staging_gate.domain.gate import Action, evaluate
from staging_gate.queries.board import board
from staging_gate.runbook import facts, releasing
from staging_gate.runbook.policy import needed_policy
from staging_gate.testing.postgres import PostgresMissing, TemporaryPostgres, temporary_postgres
from staging_gate.testing.world import World

AIM = 1.5
EMPTY = "the empty store"
FIRST, NEXT = "v0.9001.0", "v0.9002.0"
"""Later than all of the history, and no major releases: those would have to be announced."""
CHANGES = 20
"""In the release that `evaluate` decides on."""


@dataclass(frozen=True)
class Scale:
    size: Size
    rounds: int
    seconds: float


FULL = Scale(Size(changes=10_000, audit_rows=1_000_000), rounds=300, seconds=3.0)
QUICK = Scale(Size(changes=200, audit_rows=5_000), rounds=20, seconds=0.2)


def run(quick: bool) -> Iterator[Figure]:
    scale = QUICK if quick else FULL
    with _worlds(scale.size, None) as (empty, full):
        yield Figure("decide", "decisions of evaluate", _decisions(empty, scale.seconds), "a second")
        yield from _explained("SQLite", empty, full, scale.rounds)
    with ExitStack() as stack:
        try:
            server = stack.enter_context(temporary_postgres())
        except PostgresMissing as missing:
            say(f"no figures on Postgres: {missing}")
            return
        empty, full = stack.enter_context(_worlds(scale.size, server))
        yield from _explained("Postgres", empty, full, scale.rounds)


@contextmanager
def _worlds(size: Size, server: TemporaryPostgres | None) -> Iterator[tuple[World, World]]:
    """The same happens in both; before it, years of work in the second."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="staging-gate-bench-")))
        yield _world(stack, folder / "empty", server, Size(0, 0)), _world(stack, folder / "full", server, size)


def _world(stack: ExitStack, folder: Path, server: TemporaryPostgres | None, size: Size) -> World:
    folder.mkdir()
    address = stack.enter_context(server.database()) if server else None
    world = World.begin(folder, database=address)
    stack.callback(world.close)
    if size.changes:
        say(f"writing {size.changes:,} changes and {size.audit_rows:,} audit rows")
        write_history(world, size)
    _something_happens(world)
    world.engine.stop()  # there is one in a process at most, and nobody acts any more
    return world


def _something_happens(world: World) -> None:
    """One release is in production, one waits for its tag, and one change is open."""
    world.ship_to_staging("feat: dark mode")
    world.prepare_release(FIRST)
    world.publish(FIRST)
    world.ship_to_staging("feat: charts")
    world.prepare_release(NEXT)
    world.change("feat: search")


def _explained(database: str, empty: World, full: World, rounds: int) -> Iterator[Figure]:
    """In turn, so that whatever else this machine does strikes both."""
    asked = {name: (_questions(empty)[name], _questions(full)[name]) for name in _questions(empty)}
    for name, pair in asked.items():
        times: tuple[list[float], list[float]] = ([], [])
        for ask, spent in zip(pair, times, strict=True):
            ask()  # what is read once for all is read before
            spent.clear()
        for _ in range(rounds):
            for ask, spent in zip(pair, times, strict=True):
                spent.append(milliseconds(ask))
        beside, value = (round(quantiles(spent, n=20)[-1], 2) for spent in times)
        yield Figure("decide", f"{name}, {database}: p95", value, "ms", Baseline(EMPTY, beside), most=AIM)


def _questions(world: World) -> Mapping[str, Callable[[], object]]:
    with world.store.reading() as tx:
        [change] = tx.changes.open()
        [*_, staging] = tx.deployments.recent(None, 1)
    subjects = {
        "explain a change": str(change.number),
        "explain a release": NEXT,
        "explain a deployment": staging.id,
        "explain a rollback": f"rollback {FIRST}",
    }
    asked = {name: partial(world.explain, subject, "tess") for name, subject in subjects.items()}
    return {**asked, "the board": partial(board, world.ports)}


def _decisions(world: World, seconds: float) -> float:
    """How many a second, of whether a release may be published, all facts being there."""
    policy, release = needed_policy(world.ports), releasing.get(world.ports, NEXT)
    known = facts.of_release(world.ports, policy, release)
    assert known.release
    known = replace(known, release=replace(known.release, included=known.release.included * CHANGES))
    tess, at = world.person("tess"), world.clock.now()
    count, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        decision = evaluate(policy, known, Action.PUBLISH, tess, at, NEXT)
        count += 1
    assert decision.open, decision.codes
    return round(count / spent)
