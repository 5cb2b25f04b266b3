"""What is asked for in a transaction happens exactly if the transaction does."""

from threading import Event

import pytest

from staging_gate.domain.timeline import RunState
from staging_gate.engine import Run, enqueue, request_cancel, writing
from staging_gate.testing import eventually
from tests.engine.conftest import START, Hold, Stage


def test_a_run_that_was_asked_for_in_a_transaction_that_failed_never_was(stage: Stage) -> None:
    done: list[str] = []
    stage.body = lambda run, subject: done.append(subject)
    engine = stage.start()

    with pytest.raises(ZeroDivisionError), writing(stage.database) as connection:
        run = enqueue(connection, "scripted", "lost", START)
        engine.nudge()
        engine.tick()
        raise ZeroDivisionError
    engine.tick()

    assert engine.idle(within=20)
    assert done == []
    with pytest.raises(LookupError):
        engine.wait(run)


def test_the_same_key_starts_one_run(stage: Stage) -> None:
    done: list[str] = []
    stage.body = lambda run, subject: run.step("one", lambda ports: done.append(subject))
    engine = stage.start()

    first, second = stage.ask("a", key="staging-1"), stage.ask("b", key="staging-1")
    engine.nudge()
    engine.wait(first)
    third = stage.ask("c", key="staging-1")
    engine.nudge()

    assert first == second == third == "scripted-staging-1"
    assert engine.idle(within=20)
    assert done == ["a"]


def test_without_a_key_each_asking_is_a_run_of_its_own(stage: Stage) -> None:
    done: list[str] = []
    stage.body = lambda run, subject: run.step("one", lambda ports: done.append(subject))
    runs = {stage.ask("a"), stage.ask("a"), stage.ask("a")}

    assert stage.start().idle(within=20)
    assert len(runs) == 3
    assert done == ["a", "a", "a"]


def test_what_was_asked_for_while_no_engine_ran_is_started_with_the_engine(stage: Stage) -> None:
    run = stage.ask()
    assert stage.start().wait(run).state == RunState.FINISHED


def test_a_nudge_is_enough(stage: Stage) -> None:
    engine = stage.start(tick_seconds=3600)
    run = stage.ask()
    engine.nudge()
    assert engine.wait(run, within=10).state == RunState.FINISHED


def test_a_lost_nudge_does_not_matter(stage: Stage) -> None:
    engine = stage.start(tick_seconds=0.05)
    assert engine.wait(stage.ask(), within=10).state == RunState.FINISHED


def test_a_long_step_sees_that_it_was_cancelled_and_the_run_cleans_up(stage: Stage) -> None:
    hold = Event()
    done: list[str] = []

    def body(run: Run, subject: str) -> None:
        if run.step("wait", wait, run.cancel_requested) == "cancelled":
            run.step("clean up", lambda ports: done.append("cleaned up"))

    def wait(ports: Stage, cancelled: object) -> str:
        assert callable(cancelled)
        hold.set()
        eventually(cancelled)
        return "cancelled"

    stage.body = body
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.wait(20)
    with writing(stage.database) as connection:
        request_cancel(connection, run, "ada")

    assert engine.wait(run, within=20).state == RunState.CANCELLED
    assert done == ["cleaned up"]


def test_a_run_that_never_looks_finishes(stage: Stage) -> None:
    run = stage.ask()
    with writing(stage.database) as connection:
        request_cancel(connection, run, "ada")
    assert stage.start().wait(run).state == RunState.FINISHED


def test_a_run_goes_the_same_way_again_if_it_is_cancelled_between_two_attempts(stage: Stage) -> None:
    hold = Hold()
    taken: list[str] = []

    def body(run: Run, subject: str) -> None:
        if run.cancel_requested():
            run.step("abort", lambda ports: taken.append("abort"))
            return
        run.step("deploy", lambda ports: taken.append("deploy"))
        run.step("wait", hold)
        if run.cancel_requested():
            run.step("take it back", lambda ports: taken.append("take it back"))

    stage.body = body
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)
    with writing(stage.database) as connection:
        request_cancel(connection, run, "ada")
    engine = stage.restart()
    hold.go.set()

    assert engine.wait(run, within=20).state == RunState.CANCELLED
    assert taken == ["deploy", "take it back"]


def test_a_cancel_seen_in_a_step_is_remembered_over_a_restart(stage: Stage) -> None:
    hold = Hold()

    def body(run: Run, subject: str) -> None:
        run.step("look", lambda ports: run.cancel_requested())
        run.step("wait", hold)

    stage.body = body
    run = stage.ask()
    with writing(stage.database) as connection:
        request_cancel(connection, run, "ada")
    stage.start()
    assert hold.reached.wait(20)
    engine = stage.restart()
    hold.go.set()

    assert engine.wait(run, within=20).state == RunState.CANCELLED


def test_an_ended_run_is_not_cancelled_any_more(stage: Stage) -> None:
    record = stage.run(lambda run, subject: None)
    with writing(stage.database) as connection:
        request_cancel(connection, record.id, "ada")
    assert stage.record(record.id) == record
