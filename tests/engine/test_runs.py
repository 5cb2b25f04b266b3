"""A run takes its steps once, in order, and people can watch it."""

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from staging_gate.domain.timeline import RunState, StepState
from staging_gate.engine import Run, StepErrored, procedure, tables, writing
from staging_gate.ports.errors import Refused, Stopped, Unavailable, Unclear
from staging_gate.testing import eventually
from tests.engine.conftest import Hold, Stage


def test_a_run_takes_its_steps_in_order_and_hands_on_their_answers(stage: Stage) -> None:
    said: list[Any] = []

    def body(run: Run, subject: str) -> None:
        said.append(run.step("build it", lambda ports, what: {"built": what}, subject))
        said.append(run.step("start it", lambda ports: None))
        said.append(run.step("look at it", look, times=2))

    def look(ports: Stage, times: int) -> list[bool | float | str]:
        return [True, 1.5, "ok"] * times

    record = stage.run(body)

    assert (record.state, record.error, record.subject) == (RunState.FINISHED, "", "a subject")
    assert said == [{"built": "a subject"}, None, [True, 1.5, "ok", True, 1.5, "ok"]]
    steps = stage.steps(record.id)
    assert [(step.number, step.name, step.state, step.attempt) for step in steps] == [
        (1, "build it", StepState.FINISHED, 1),
        (2, "start it", StepState.FINISHED, 1),
        (3, "look at it", StepState.FINISHED, 1),
    ]
    assert [step.outcome for step in steps] == ['{"built": "a subject"}', "", '[true, 1.5, "ok", true, 1.5, "ok"]']


def test_the_journal_shows_a_step_while_it_runs(stage: Stage) -> None:
    hold = Hold()
    stage.body = lambda run, subject: run.step("wait for the word", hold)
    engine = stage.start()
    run = stage.ask()
    engine.nudge()

    step = eventually(lambda: stage.steps(run))[0]
    assert (step.name, step.state, step.ended_at) == ("wait for the word", StepState.RUNNING, None)
    assert stage.record(run).state == RunState.RUNNING
    assert not engine.idle()

    hold.go.set()
    assert engine.idle(within=20)
    step = stage.steps(run)[0]
    assert step.ended_at and step.ended_at - step.started_at == timedelta(seconds=1)


def test_listeners_hear_of_every_change_and_can_not_break_a_run(stage: Stage) -> None:
    heard: list[str] = []
    engine = stage.start()
    engine.on_step(heard.append)
    engine.on_step(lambda run: 1 / 0)  # type: ignore[arg-type]

    record = stage.run(lambda run, subject: run.step("one", lambda ports: None))

    assert record.state == RunState.FINISHED
    eventually(lambda: len(heard) >= 2)
    assert set(heard) == {record.id}


@pytest.mark.parametrize(
    "error",
    [Refused("no", "their log"), Unavailable("not now", "503", 900), Unclear("who knows", "sent")],
    ids=["refused", "unavailable", "unclear"],
)
def test_an_error_of_an_outside_reaches_the_procedure_as_it_was_also_when_it_is_replayed(
    stage: Stage, error: Refused | Unavailable | Unclear
) -> None:
    caught: list[Any] = []
    hold = Hold()

    def body(run: Run, subject: str) -> None:
        try:
            run.step("ask them", fail)
        except type(error) as found:
            caught.append(found)
        run.step("go on", hold)

    def fail(ports: Stage) -> None:
        raise error

    stage.body = body
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)
    engine = stage.restart()
    hold.go.set()

    assert engine.wait(run).state == RunState.FINISHED
    first, again = caught
    for found in (first, again):
        assert (found.message, found.evidence) == (error.message, error.evidence)
        assert getattr(found, "retry_after", None) == getattr(error, "retry_after", None)
    said_no = isinstance(error, (Refused, Stopped))
    state = StepState.FAILED if said_no else StepState.ERRORED
    assert [(step.state, step.outcome) for step in stage.steps(run)][0] == (state, error.message)


def test_any_other_exception_in_a_step_says_which_step_broke(stage: Stage) -> None:
    def body(run: Run, subject: str) -> None:
        with pytest.raises(StepErrored, match=r"The step 'count' broke: ZeroDivisionError: division by zero"):
            run.step("count", lambda ports: 1 / 0)

    assert stage.run(body).state == RunState.FINISHED


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ((1, 2), r"it is (1, 2) (tuple)"),
        ({"a": [{3}]}, r"it['a'][0] is {3} (set)"),
        ({1: "a"}, r"it is {1: 'a'} (dict)"),
        (float("nan"), r"it is nan (float)"),
        (["a\0b"], r"it[0] is 'a\x00b' (str)"),
        ("\udcff", r"it is '\udcff' (str)"),
    ],
)
def test_an_answer_that_is_not_json_is_refused(sqlite_stage: Stage, answer: Any, shown: str) -> None:
    record = sqlite_stage.run(lambda run, subject: run.step("say", lambda ports: answer))

    assert record.state == RunState.STUCK
    assert record.error == (
        "The step 'say' broke: TypeError: a step returns JSON (None, bool, int, finite float, str without NUL, list, "
        f"dict with str keys), but {shown}"
    )


def test_what_a_program_printed_can_always_be_kept(stage: Stage) -> None:
    def refuse(ports: Stage) -> None:
        raise Refused("It said \0\udcff", "\0")

    record = stage.run(lambda run, subject: run.step("ask", refuse))

    assert (record.state, record.error) == (RunState.STUCK, "It said ?")
    assert stage.steps(record.id)[0].outcome == "It said ?"


def test_a_procedure_that_breaks_leaves_a_stuck_run_and_somebody_is_told(stage: Stage) -> None:
    def body(run: Run, subject: str) -> None:
        run.step("one", lambda ports: None)
        raise KeyError("oops")

    record = stage.run(body)

    assert (record.state, record.error) == (RunState.STUCK, "KeyError: 'oops'")
    assert record.ended_at
    assert stage.broken == [("a subject", "KeyError: 'oops'")]
    assert [step.name for step in stage.steps(record.id)] == ["one", "note what broke"]


def test_where_even_telling_breaks_both_errors_are_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "broken", None)

    record = stage.run(lambda run, subject: run.step("count", lambda ports: 1 / 0))

    assert record.state == RunState.STUCK
    assert record.error.startswith(
        "The step 'count' broke: ZeroDivisionError: division by zero And noting it broke too:"
    )


def test_finished_steps_are_not_done_again_after_a_restart(stage: Stage) -> None:
    done: list[str] = []
    hold = Hold()

    def body(run: Run, subject: str) -> None:
        answer = run.step("one", do, "one")
        run.step("two", do, "two", wait=True)
        run.step("three", do, f"three after {answer}")

    def do(ports: Stage, what: str, wait: bool = False) -> str:
        done.append(what)
        if wait:
            hold(ports)
        return what

    stage.body = body
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)
    engine = stage.restart()
    eventually(lambda: done.count("two") == 2)
    hold.go.set()

    assert engine.wait(run).state == RunState.FINISHED
    assert done == ["one", "two", "two", "three after one"]
    assert [(step.name, step.attempt, step.state) for step in stage.steps(run)] == [
        ("one", 1, StepState.FINISHED),
        ("two", 2, StepState.FINISHED),
        ("three", 1, StepState.FINISHED),
    ]


def test_nothing_is_run_again_after_a_clean_restart(stage: Stage) -> None:
    done: list[str] = []
    record = stage.run(lambda run, subject: run.step("one", lambda ports: done.append("one")))

    engine = stage.restart()
    second = stage.run(lambda run, subject: run.step("two", lambda ports: done.append("two")))

    assert engine.idle(within=20)
    assert done == ["one", "two"]
    assert stage.record(record.id) == record
    assert second.state == RunState.FINISHED


def test_stopping_is_quick_with_a_run_in_flight(stage: Stage, seconds_of: Any) -> None:
    hold = Hold()
    stage.body = lambda run, subject: run.step("hang", hold)
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)

    try:
        assert seconds_of(stage.stop) < 2
        assert stage.record(run).state == RunState.RUNNING
    finally:
        hold.go.set()


def test_a_run_that_was_cut_off_writes_nothing_any_more(stage: Stage) -> None:
    hold, left = Hold(), Event()

    def body(run: Run, subject: str) -> None:
        try:
            run.step("hang", hold)
            run.step("never", lambda ports: None)
        finally:
            left.set()

    stage.body = body
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)
    stage.stop()
    hold.go.set()
    assert left.wait(20)

    assert [(step.name, step.state) for step in stage.steps(run)] == [("hang", StepState.RUNNING)]


def test_an_unknown_procedure_waits_for_a_version_that_has_it(stage: Stage) -> None:
    engine = stage.start()
    run = stage.ask(name="of a later version")
    engine.tick()
    record = stage.record(run)
    assert record.state == RunState.WAITING
    assert record.error == (
        "This version has no procedure 'of a later version'. The run waits for a version that has it."
    )

    name = f"of a later version {stage.database.dialect.name}"
    with writing(stage.database) as connection:
        connection.execute(update(tables.run).values(procedure=name))
    procedure(name)(lambda run, subject: None)

    assert stage.restart().wait(run).state == RunState.FINISHED
    assert stage.record(run).error == ""


def test_a_procedure_that_changed_under_a_run_is_found_out(stage: Stage) -> None:
    hold = Hold()
    names = iter(["deploy", "build"])

    def body(run: Run, subject: str) -> None:
        run.step(next(names), lambda ports: None)
        run.step("hang", hold)

    stage.body = body
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)
    engine = stage.restart()
    hold.go.set()

    record = engine.wait(run)
    assert record.state == RunState.STUCK
    assert record.error == (
        "This run went another way before: where it takes the step 'build' now, it took another one then."
    )
    assert stage.broken == [("a subject", record.error)]


def test_a_step_takes_no_steps(sqlite_stage: Stage) -> None:
    def body(run: Run, subject: str) -> None:
        run.step("outer", lambda ports: run.step("inner", lambda ports: None))

    assert sqlite_stage.run(body).error == (
        "The step 'outer' broke: RuntimeError: The step 'inner' is taken inside another step or thread; "
        "only the procedure takes steps."
    )


def test_a_database_without_tables_is_found_out_at_the_start(sqlite_stage: Stage) -> None:
    tables.metadata.drop_all(sqlite_stage.database)
    with pytest.raises(OperationalError, match="no such table: run"):
        sqlite_stage.start()
    tables.metadata.create_all(sqlite_stage.database)

    assert sqlite_stage.run(lambda run, subject: None).state == RunState.FINISHED


def test_waiting_for_a_run_says_when_it_takes_too_long(stage: Stage) -> None:
    engine = stage.start()
    run = stage.ask(name="nobody knows this one")

    with pytest.raises(TimeoutError, match=rf"The run {run} is still waiting after 0.1 s."):
        engine.wait(run, within=0.1)
    with pytest.raises(LookupError, match=r"There is no run 'x'."):
        engine.wait("x")


def test_there_can_not_be_two_procedures_of_one_name() -> None:
    with pytest.raises(ValueError, match=r"There are two procedures named 'scripted'."):
        procedure("scripted")(lambda run, subject: None)
