"""Runs procedures so that no crash loses one or does a finished step twice."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Event, Lock, Thread
from typing import Any, Protocol

import sqlalchemy
from sqlalchemy import Connection, select, update

from staging_gate.domain.timeline import RunRecord, RunState
from staging_gate.engine import procedures, tables
from staging_gate.engine.answers import StepErrored
from staging_gate.engine.database import AWAY, is_sqlite, reading, writing
from staging_gate.engine.journal import Answers, Interrupted, Journal, RunJournal, Unrecorded
from staging_gate.engine.lease import SharedLease, exit_at_once
from staging_gate.engine.lock import FileLease
from staging_gate.engine.procedures import Procedure
from staging_gate.engine.run import Run
from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import OutsideError

log = logging.getLogger(__name__)

SLICE_SECONDS = 0.1
STOP_SECONDS = 2.0


class Lease(Protocol):
    """The right to execute runs of a database, and the knowledge who else has it."""

    @property
    def id(self) -> str: ...
    def take(self) -> None: ...
    def release(self) -> None: ...
    def guard(self, connection: Connection) -> None: ...
    def dead_among(self, workers: Callable[[], set[str]]) -> set[str]: ...


class Engine:
    """One per process. `ports` is handed to every step; times in the journal are the clock's.

    On SQLite it is the only engine of its file. On Postgres there may be many; each has a lease of `lease_seconds`,
    and `lease_lost` is called in the one that was taken for dead: it must end the process (75) outside of tests.
    """

    def __init__(
        self,
        database: sqlalchemy.Engine,
        ports: Any,
        clock: Clock,
        *,
        threads: int = 32,
        tick_seconds: float = 0.5,
        lease_seconds: float = 30.0,
        lease_lost: Callable[[], None] = exit_at_once,
    ) -> None:
        self._database = database
        self._ports = ports
        self._threads = threads
        self._tick_seconds = tick_seconds
        self._lease: Lease = (
            FileLease(Path(str(database.url.database)))
            if is_sqlite(database)
            else SharedLease(database, lease_seconds, lease_lost)
        )
        self._stopped = Event()
        self._journal = Journal(
            database=database,
            clock=clock,
            worker=self._lease.id,
            stopped=self._stopped,
            guard=self._lease.guard,
            tell=self._tell,
        )
        self._listeners: list[Callable[[str], None]] = []
        self._changed = Condition()
        self._executing: set[str] = set()
        self._handed_over: set[str] = set()
        self._again: set[str] = set()
        self._wake = Event()
        self._ticking = Lock()
        self._ticker = Thread(target=self._tick_on, name="engine-tick", daemon=True)

    def start(self) -> None:
        """Take up what was left unfinished, and run what is asked for from now on. Raises AlreadyRunning."""
        from staging_gate.engine import durable

        self._durable = durable
        self._lease.take()
        try:
            self._unfinished()  # so that a database without our tables is an error here, not in a thread
            durable.launch(self._database, self._lease.id, self._threads, self._execute)
        except BaseException:
            self._lease.release()
            raise
        self._wake.set()
        self._ticker.start()

    def stop(self) -> None:
        """Stop at once, for good; a new engine takes up what was in flight.

        A step in flight goes on in its thread until it returns, and nothing comes of it. So a process that is to end
        ends by `os._exit` after this: Python itself would wait for the thread.
        """
        self._stopped.set()
        self._wake.set()
        # DBOS waits for a database that is away for as long as that takes; we do not.
        self._ticker.join(STOP_SECONDS)
        self._durable.stop()
        self._lease.release()

    def nudge(self) -> None:
        """Something was asked for and committed: start it now. Returns at once."""
        self._wake.set()

    def tick(self) -> None:
        """Start what is waiting and take over what the dead have left. Called by itself twice a second."""
        with self._ticking:
            if self._stopped.is_set():
                return
            unfinished = self._unfinished()
            self._start_waiting([row for row in unfinished if row.state == RunState.WAITING])
            self._repeat()
            self._take_over()
            if not any(self._comes_back(row) for row in unfinished):
                self._durable.calm()

    def wait(self, run: str, within: float = 60.0) -> RunRecord:
        """The record of a run once it has ended, here or elsewhere; TimeoutError where that takes longer."""
        for _ in range(max(1, round(within / SLICE_SECONDS))):
            with self._changed:
                # Read only when it is not at work here: whoever works is kept from telling meanwhile.
                if self._changed.wait_for(lambda: run not in self._executing and self._ended(run), SLICE_SECONDS):
                    break
        record = self._record(run)
        if record.state in tables.UNFINISHED:
            raise TimeoutError(f"The run {run} is still {record.state} after {within:g} s.")
        return record

    def idle(self, within: float = 0.0) -> bool:
        """Whether nothing is left to do, waiting for that as long as `within` seconds."""
        self.nudge()
        for _ in range(max(1, round(within / SLICE_SECONDS))):
            with self._changed:
                if self._changed.wait_for(self._has_nothing_to_do, SLICE_SECONDS if within else 0):
                    return True
        return False

    def on_step(self, tell: Callable[[str], None]) -> None:
        """Have `tell(run)` called after each change of a run or its steps, in the run's own thread: be quick."""
        self._listeners.append(tell)

    def _tick_on(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(self._tick_seconds)
            self._wake.clear()
            try:
                self.tick()
            except Exception as error:  # whatever it is, what is asked for tomorrow must be looked for all the same
                log.warning("the engine could not look for work, trying again: %s", error, exc_info=error)

    def _unfinished(self) -> "list[sqlalchemy.Row[Any]]":
        with reading(self._database) as connection:
            return list(connection.execute(_UNFINISHED))

    def _start_waiting(self, waiting: "list[sqlalchemy.Row[Any]]") -> None:
        self._handed_over &= {row.id for row in waiting}
        for row in waiting:
            if row.id in self._handed_over:
                continue
            self._handed_over.add(row.id)
            if procedures.find(row.procedure):
                self._durable.start(row.id)
            else:
                self._say_unknown(row.id, row.procedure)

    def _comes_back(self, row: "sqlalchemy.Row[Any]") -> bool:
        """Whether it is what we left unfinished and have not begun again."""
        ours = row.state == RunState.RUNNING and row.worker == self._lease.id
        return ours and row.id not in self._executing and procedures.find(row.procedure) is not None

    def _repeat(self) -> None:
        for run in list(self._again):
            self._durable.again(run)
            self._again.discard(run)

    def _take_over(self) -> None:
        dead = self._lease.dead_among(self._durable.executors_with_unfinished_runs)
        if dead:
            log.warning("taking over the runs of %d dead workers", len(dead))
            self._durable.take_over(sorted(dead))

    def _execute(self, run: str) -> None:
        if self._stopped.is_set():
            raise Interrupted
        self._executing.add(run)
        try:
            self._perform(run)
        except Unrecorded:
            log.warning("a step of run %s could not be recorded; it is executed again", run)
            self._again.add(run)
            raise
        finally:
            self._executing.discard(run)
            self._tell(run)

    def _perform(self, id: str) -> None:
        row, answers = self._journal.patiently(id, lambda: self._read(id))
        if row is None or row.state not in tables.UNFINISHED:
            return  # killed between our last word and the engine's
        found = procedures.find(row.procedure)
        if found is None:
            self._say_unknown(id, row.procedure)
            raise Interrupted
        journal = RunJournal(self._journal, id, answers)
        journal.begin()
        run = Run(id, row.procedure, row.subject, self._ports, journal, self._step, self._checkpoint)
        try:
            found.body(run, row.subject)
        except Exception as error:  # whatever broke: somebody must be told, and nothing may run for ever
            log.error("run %s of %r broke", id, row.procedure, exc_info=error)
            journal.end(RunState.STUCK, self._give_up(run, found, _in_words(error)))
        else:
            journal.end(RunState.CANCELLED if run.cancelled else RunState.FINISHED)

    def _give_up(self, run: Run, broken: Procedure, message: str) -> str:
        if broken.errored is None:
            return message
        try:
            run.step("note what broke", broken.errored, run.subject, message)
        except Exception as error:  # the run is stuck all the same, and both errors are shown
            return f"{message} And noting it broke too: {error}"
        return message

    def _step(self, name: str, do: Callable[[], Any], keep: Callable[[Any], None]) -> Any:
        if self._stopped.is_set():
            raise Interrupted
        answer = do()
        keep(answer)
        return answer

    def _checkpoint(self, name: str, do: Callable[[], Any]) -> Any:
        if self._stopped.is_set():
            raise Interrupted
        return self._durable.step(name, do)

    def _say_unknown(self, run: str, procedure: str) -> None:
        error = f"This version has no procedure {procedure!r}. The run waits for a version that has it."
        with writing(self._database) as connection:
            connection.execute(update(tables.run).where(tables.run.c.id == run).values(error=error))

    def _read(self, run: str) -> "tuple[sqlalchemy.Row[Any] | None, Answers]":
        steps = select(tables.run_step).where(tables.run_step.c.run == run, tables.run_step.c.answer.is_not(None))
        with reading(self._database) as connection:
            row = connection.execute(select(tables.run).where(tables.run.c.id == run)).first()
            return row, {step.number: (step.name, json.loads(step.answer)) for step in connection.execute(steps)}

    def _record(self, run: str) -> RunRecord:
        row, _ = self._read(run)
        if row is None:
            raise LookupError(f"There is no run {run!r}.")
        return tables.run_record(row)

    def _ended(self, run: str) -> bool:
        try:
            return self._record(run).state not in tables.UNFINISHED
        except AWAY as error:
            log.warning("run %s can not be looked at, trying again: %s", run, error)
            return False

    def _has_nothing_to_do(self) -> bool:
        return not self._executing and not self._unfinished()

    def _tell(self, run: str) -> None:
        for tell in self._listeners:
            try:
                tell(run)
            except Exception:  # a listener is a live page; no run fails because nobody could look at it
                log.exception("a listener of the journal failed on run %s", run)
        with self._changed:
            self._changed.notify_all()


_UNFINISHED = (
    select(tables.run.c.id, tables.run.c.procedure, tables.run.c.state, tables.run.c.worker)
    .where(tables.run.c.state.in_(tables.UNFINISHED))
    .order_by(tables.run.c.created_at)
)


def _in_words(error: Exception) -> str:
    known = isinstance(error, OutsideError | StepErrored)
    return str(error) if known else f"{type(error).__name__}: {error}"
