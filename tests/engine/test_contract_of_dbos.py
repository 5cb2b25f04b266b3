"""What we rely on in DBOS beyond its documentation. A new version of it has to pass these first."""

from inspect import getsource

from dbos._dbos import DBOSRegistry
from dbos._queue import queue_worker_thread
from sqlalchemy import inspect, text

from staging_gate.domain.timeline import RunState
from staging_gate.engine import reading
from staging_gate.engine.database import is_sqlite
from tests.engine.conftest import Hold, Stage


def test_its_tables_live_beside_ours(stage: Stage) -> None:
    stage.start()
    schema = None if is_sqlite(stage.database) else "dbos"
    assert "workflow_status" in inspect(stage.database).get_table_names(schema=schema)
    assert "run_step" in inspect(stage.database).get_table_names()


def test_it_keeps_nothing_that_is_executed_when_read(stage: Stage) -> None:
    stage.run(lambda run, subject: run.step("one", lambda ports: {"a": [1]}))
    schema = "" if is_sqlite(stage.database) else "dbos."
    with reading(stage.database) as connection:
        kept = connection.execute(text("SELECT answer FROM run_step")).scalars().all()
        kinds = connection.execute(text(f"SELECT DISTINCT serialization FROM {schema}workflow_status")).scalars().all()
    assert kept == ['{"value": {"a": [1]}}']
    assert kinds == ["portable_json"]


def test_what_was_started_once_is_never_started_again(stage: Stage) -> None:
    hold = Hold()
    entered: list[str] = []

    def body(run: object, subject: str) -> None:
        entered.append(subject)
        hold(None)

    stage.body = body
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)
    engine._durable.start(run)
    hold.go.set()
    engine.wait(run)
    engine._durable.start(run)

    assert engine.idle(within=20)
    assert entered == ["a subject"]


def test_the_interval_that_recovery_waits_for_can_still_be_set() -> None:
    # Recovered runs pass through its internal queue, which it polls once a second; we set a private attribute.
    fresh = DBOSRegistry().get_internal_queue()
    assert fresh._polling_interval_sec == 1.0
    assert "stop_event.wait(timeout=polling_interval" in getsource(queue_worker_thread)
    assert "queue._polling_interval_sec" in getsource(queue_worker_thread)


def test_only_the_runs_of_the_dead_are_taken_over(postgres_stage: Stage) -> None:
    stage, hold = postgres_stage, Hold()
    stage.body = lambda run, subject: run.step("hang", hold)
    engine = stage.start()
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)

    engine._durable.take_over(["somebody else"])
    assert engine._durable.executors_with_unfinished_runs() == {engine._lease.id}

    hold.go.set()
    assert engine.wait(run).state == RunState.FINISHED
    assert [step.attempt for step in stage.steps(run)] == [1]
