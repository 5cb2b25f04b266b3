"""Unavailable is tried again, with patience; Unclear and Refused never are."""

from collections.abc import Callable

import pytest

from staging_gate.domain.timeline import RunState
from staging_gate.engine import Run, request_cancel, writing
from staging_gate.ports.errors import OutsideError, Refused, Unavailable, Unclear
from tests.engine.conftest import Stage


def failing(times: int, error: OutsideError) -> tuple[list[int], Callable[[Stage], str]]:
    tried: list[int] = []

    def do(ports: Stage) -> str:
        tried.append(len(tried) + 1)
        if len(tried) <= times:
            raise error
        return "at last"

    return tried, do


def test_unavailable_is_tried_again_with_growing_pauses(stage: Stage) -> None:
    tried, do = failing(3, Unavailable("The registry does not answer."))

    record = stage.run(lambda run, subject: run.step("fetch", do))

    assert record.state == RunState.FINISHED
    assert tried == [1, 2, 3, 4]
    assert stage.clock.pauses == [1.0, 2.0, 4.0]
    step = stage.steps(record.id)[0]
    assert (step.outcome, step.attempt) == ("at last", 1)


def test_people_see_what_a_step_waits_for(stage: Stage) -> None:
    seen: list[str] = []
    tried, do = failing(1, Unavailable("The registry does not answer.", retry_after=30))
    engine = stage.start()
    engine.on_step(lambda run: seen.extend(step.outcome for step in stage.steps(run)))

    stage.run(lambda run, subject: run.step("fetch", do))

    assert stage.clock.pauses == [30]
    assert "The registry does not answer. Trying again in 30 s (2 of 5)." in seen


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (Unavailable("down"), 5),
        (Unavailable("come back in an hour", retry_after=3600), 1),
        (Unclear("no answer after we sent it"), 1),
        (Refused("bad token"), 1),
    ],
    ids=["five times in all", "not for an hour", "never what is unclear", "never what was refused"],
)
def test_how_often_a_step_is_tried(sqlite_stage: Stage, error: OutsideError, tries: int) -> None:
    tried, do = failing(99, error)

    record = sqlite_stage.run(lambda run, subject: run.step("fetch", do))

    assert (record.state, record.error) == (RunState.STUCK, error.message)
    assert len(tried) == tries


def test_a_cancelled_run_is_not_patient(stage: Stage) -> None:
    def body(run: Run, subject: str) -> None:
        with writing(stage.database) as connection:
            request_cancel(connection, run.id, "ada")
        with pytest.raises(Unavailable):
            run.step("fetch", do)

    tried, do = failing(99, Unavailable("down"))

    assert stage.run(body).state == RunState.CANCELLED
    assert tried == [1]
