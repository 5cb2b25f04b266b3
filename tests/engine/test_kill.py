"""SIGKILL anywhere: finished steps are never done again, the one in flight is, and the run ends as if nothing was."""

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from staging_gate.domain.timeline import RunState, StepState
from staging_gate.testing import eventually
from tests.engine.conftest import Stage
from tests.engine.victim import KILL_POINTS, RUN, STEPS, effects, processes

KILLS_AT_RANDOM = 5


@pytest.mark.parametrize("point", KILL_POINTS)
def test_killed_at_a_point_and_restarted_the_outcome_is_the_same(stage: Stage, tmp_path: Path, point: str) -> None:
    with processes(stage.address, tmp_path) as start:
        first = start(kill_at=point)
        first.join(30)
        assert first.exitcode == -signal.SIGKILL
        second = start()
        second.join(30)
        assert second.exitcode == 0

    in_flight = point.removeprefix("in ") if point.startswith("in ") else None
    assert effects(tmp_path) == expected_effects(in_flight)
    assert stage.record(RUN).state == RunState.FINISHED
    assert [(step.name, step.state, step.attempt, step.outcome) for step in stage.steps(RUN)] == [
        (step, StepState.FINISHED, 2 if step == in_flight else 1, step) for step in STEPS
    ]


def expected_effects(in_flight: str | None) -> list[str]:
    lines: list[str] = []
    for step in STEPS:
        lines += [f"begin {step}"] * (2 if step == in_flight else 1) + [f"end {step}"]
    return lines


def test_terminated_in_a_step_it_ends_at_once_and_goes_on_after_a_restart(
    stage: Stage, tmp_path: Path, seconds_of: Callable[[Callable[[], object]], float]
) -> None:
    (tmp_path / "hold start").touch()
    with processes(stage.address, tmp_path) as start:
        first = start()
        eventually(lambda: "begin start" in effects(tmp_path))
        first.terminate()
        assert seconds_of(lambda: first.join(20)) < 3
        assert first.exitcode == 0
        (tmp_path / "hold start").unlink()
        second = start()
        second.join(30)
        assert second.exitcode == 0

    assert effects(tmp_path) == expected_effects("start")
    assert [step.attempt for step in stage.steps(RUN)] == [1, 2, 1]


def test_killed_at_random_moments_no_finished_step_is_done_again(stage: Stage, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    moments = random.Random(seed)

    with processes(stage.address, tmp_path) as start:
        for _ in range(KILLS_AT_RANDOM):
            process = start(procedure="many steps")
            process.join(moments.uniform(0.1, 0.35))
            process.kill()
            process.join()
        last = start(procedure="many steps")
        last.join(60)
        assert last.exitcode == 0

    steps = stage.steps("many-steps-the-release")
    assert [step.name for step in steps] == [f"step {number}" for number in range(40)]
    assert {step.state for step in steps} == {StepState.FINISHED}
    assert stage.record("many-steps-the-release").state == RunState.FINISHED
    assert_in_order_with_repeats_only_in_flight(effects(tmp_path))


def assert_in_order_with_repeats_only_in_flight(lines: list[str]) -> None:
    """Each step's lines come together, steps in order; only the last one before a kill was begun again."""
    order = [int(line.rpartition(" ")[2]) for line in lines]
    assert order == sorted(order)
    assert set(order) == set(range(40))
    repeated = sum(lines.count(f"begin step {number}") - 1 for number in range(40))
    assert repeated <= KILLS_AT_RANDOM
