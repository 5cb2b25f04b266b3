"""Random people, pushes, approvals, clocks and failures against the real runbook, store and git.

In no run does a tree reach production that was not verified in staging and approved by another person, except under a
recorded bypass; no rollback is refused for a calendar reason; what `gate explain` says is what happens to whoever acts.
"""

import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.meddling import Meddling
from tests.machine.tales import Library

SEQUENCES, IN_FULL = 100, 2000
SHARDS = 4
STEPS = 18


@pytest.fixture
def library() -> Iterator[Library]:
    books = Library()
    yield books
    books.burn()


@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_unproved_ever_reaches_production(
    shard: int,
    library: Library,
    rng: random.Random,
    in_full: bool,
    record_property: Callable[[str, object], None],
) -> None:
    class Machine(Meddling):
        pass

    Machine.library = library
    number = rng.randrange(2**32)
    run = settings(
        max_examples=(IN_FULL if in_full else SEQUENCES) // SHARDS,
        stateful_step_count=STEPS,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
    )
    run_state_machine_as_test(seed(number)(Machine), settings=run)

    acts = {f"{action} {answer}": count for (action, answer), count in sorted(library.decisions.items())}
    record_property("state machine", {"sequences": library.sequences, "steps": library.steps, **acts})
