"""Several workers on one Postgres: the dead are followed, the paused do nothing twice; on SQLite there is only one."""

import os
import re
import signal
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text

from staging_gate.domain.timeline import RunState, StepState
from staging_gate.engine import AlreadyRunning, Run, reading, tables, writing
from staging_gate.testing import eventually
from tests.engine.conftest import Hold, Stage
from tests.engine.victim import RUN, STEPS, effects, processes


def test_two_workers_do_a_run_once(postgres_stage: Stage, tmp_path: Path) -> None:
    with processes(postgres_stage.address, tmp_path) as start:
        both = [start(), start()]
        for process in both:
            process.join(30)
            assert process.exitcode == 0

    assert effects(tmp_path) == [line for step in STEPS for line in (f"begin {step}", f"end {step}")]


def test_a_killed_worker_is_followed_by_another_at_once(postgres_stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "hold start").touch()
    with processes(postgres_stage.address, tmp_path) as start:
        first = start()
        eventually(lambda: "begin start" in effects(tmp_path))
        second = start()
        eventually(lambda: (tmp_path / "effects").read_text().count("started") == 2)
        first.kill()
        first.join()
        (tmp_path / "hold start").unlink()
        second.join(20)
        assert second.exitcode == 0

    assert effects(tmp_path).count("begin build") == 1
    assert effects(tmp_path)[-5:] == ["begin start", "begin start", "end start", "begin switch", "end switch"]
    assert [step.attempt for step in postgres_stage.steps(RUN)] == [1, 2, 1]


def test_a_paused_worker_is_followed_when_its_lease_is_over_and_does_nothing_when_it_wakes(
    postgres_stage: Stage, tmp_path: Path
) -> None:
    for step in ("build", "start"):
        (tmp_path / f"hold {step}").touch()
    with processes(postgres_stage.address, tmp_path) as start:
        paused = start(lease_seconds=1)
        eventually(lambda: "begin build" in effects(tmp_path))
        assert paused.pid
        os.kill(paused.pid, signal.SIGSTOP)
        (tmp_path / "hold build").unlink()
        other = start(lease_seconds=1)
        eventually(lambda: "begin start" in effects(tmp_path))

        os.kill(paused.pid, signal.SIGCONT)
        paused.join(20)
        assert paused.exitcode == 75
        (tmp_path / "hold start").unlink()
        other.join(20)
        assert other.exitcode == 0

    # The step that was in flight ends twice: no engine can prevent it. No other step begins twice.
    assert [effects(tmp_path).count(f"begin {step}") for step in STEPS] == [2, 1, 1]
    assert postgres_stage.record(RUN).state == RunState.FINISHED


def test_without_a_lease_no_further_step_is_begun(postgres_stage: Stage) -> None:
    stage, hold = postgres_stage, Hold()
    lost: list[str] = []

    def body(run: Run, subject: str) -> None:
        run.step("one", hold)
        run.step("two", lambda ports: lost.append("did two"))

    stage.body = body
    engine = stage.start(lease_lost=lambda: lost.append("lost"))
    run = stage.ask()
    engine.nudge()
    assert hold.reached.wait(20)
    with writing(stage.database) as connection:
        connection.execute(delete(tables.worker))
    hold.go.set()

    eventually(lambda: lost)
    assert lost == ["lost"]
    assert [(step.name, step.state) for step in stage.steps(run)] == [("one", StepState.RUNNING)]


def test_a_worker_that_stops_leaves_no_lease(postgres_stage: Stage) -> None:
    postgres_stage.start()
    postgres_stage.stop()
    with reading(postgres_stage.database) as connection:
        assert connection.execute(select(func.count()).select_from(tables.worker)).scalar() == 0


def test_a_run_outlives_the_loss_of_all_connections(postgres_stage: Stage) -> None:
    stage = postgres_stage

    def body(run: Run, subject: str) -> None:
        run.step("one", cut_all)
        run.step("two", cut_all)

    def cut_all(ports: Stage) -> None:
        with stage.database.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    record = stage.run(body)
    assert (record.state, record.error) == (RunState.FINISHED, "")
    assert [step.attempt for step in stage.steps(record.id)] == [1, 1]


def test_a_step_that_could_not_be_recorded_is_done_again(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    done: list[str] = []

    def body(run: Run, subject: str) -> None:
        run.step("one", lambda ports: done.append("one"))
        run.step("two", lambda ports: done.append("two"))

    stage.body = body
    engine = stage.start()
    disk_full(stage, "one")
    run = stage.ask()
    engine.nudge()
    eventually(lambda: done)
    with writing(stage.database) as connection:
        connection.execute(text("DROP TRIGGER disk_full"))

    assert engine.wait(run, within=20).state == RunState.FINISHED
    assert done[-1] == "two"
    assert done.count("two") == 1
    assert [step.attempt for step in stage.steps(run)] == [done.count("one"), 1]


def disk_full(stage: Stage, step: str) -> None:
    """As if there were no room for the answer of a step."""
    with writing(stage.database) as connection:
        connection.execute(
            text(
                f"CREATE TRIGGER disk_full BEFORE UPDATE OF answer ON run_step WHEN NEW.name = '{step}' "
                "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        )


def test_a_second_process_on_the_same_sqlite_file_is_refused(sqlite_stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "hold build").touch()
    with processes(sqlite_stage.address, tmp_path) as start:
        holder = start()
        eventually(lambda: "begin build" in effects(tmp_path))
        with pytest.raises(AlreadyRunning) as refused:
            sqlite_stage.start()

    assert re.fullmatch(
        rf"Another engine \(process {holder.pid}\) works on \S+gate\.sqlite\. With SQLite there can be only one: "
        r"stop that one first, or use Postgres to have several workers\.",
        str(refused.value),
    )


def test_a_second_engine_in_one_process_is_refused(postgres_stage: Stage) -> None:
    postgres_stage.start()
    with pytest.raises(RuntimeError, match=r"There is an engine in this process already; stop it first."):
        Stage(postgres_stage.address, postgres_stage.database).start()
