"""Random people, pushes, approvals, clocks and failures against the real runbook, store and git.

In no run does a tree reach production that was not verified in staging and approved by another person, except under a
recorded bypass; no rollback is refused for a calendar reason; what `gate explain` says is what happens to whoever acts.
"""

import os
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture import engine
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.meddling import Meddling
from tests.machine.stage import Tally
from tests.machine.tales import Library

SEQUENCES, SHARDS = (2000, 8) if "STAGING_GATE_TEST_ALL" in os.environ else (100, 2)
STEPS = 18
SHRINK_SECONDS = 60
"""Five minutes by default: a run that fails ends in time to say so."""


@pytest.fixture(scope="session")
def library() -> Iterator[Library]:
    books = Library()
    yield books
    books.burn()


@pytest.fixture
def all_of_them_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five of six runs would be the one before with a part of it repeated: worlds are too dear for that."""
    monkeypatch.setattr(engine.ConjectureRunner, "generate_mutations_from", lambda runner, data: None)
    monkeypatch.setattr(engine, "MAX_SHRINKING_SECONDS", SHRINK_SECONDS)


@pytest.mark.usefixtures("all_of_them_new")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_unproved_ever_reaches_production(
    shard: int, library: Library, rng: random.Random, record_property: Callable[[str, object], None]
) -> None:
    class Machine(Meddling):
        """With what it needs to be made without arguments."""

    Machine.library, Machine.tally = library, Tally()
    run = settings(
        max_examples=SEQUENCES // SHARDS,
        stateful_step_count=STEPS,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
    )
    run_state_machine_as_test(seed(rng.randrange(2**32))(Machine), settings=run)

    record_property("state machine", Machine.tally.counts())
