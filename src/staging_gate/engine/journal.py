"""The journal that people watch: which run is in which step since when. One small commit per step."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from staging_gate.domain.timeline import RunState, StepState
from staging_gate.engine import tables
from staging_gate.engine.answers import storable
from staging_gate.engine.database import AWAY, is_sqlite, reading, writing
from staging_gate.ports.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSE_SECONDS = 0.5


class Interrupted(BaseException):
    """This execution of a run ends here without an outcome: the engine stops, or the run is somebody else's now.

    No Exception, so that no procedure can take it for an error of its own.
    """


class Unrecorded(Interrupted):
    """A step was done and that could not be written: as if we had been killed then. To be executed again."""


_STATES = {None: StepState.FINISHED, "refused": StepState.FAILED, "stopped": StepState.FAILED}
"""What a step's record says of it: a no from outside is the release's failure, everything else is an error."""


@dataclass(frozen=True)
class Journal:
    """Where executions write. `guard` is called in every transaction and raises Interrupted where we lost the run."""

    database: Engine
    clock: Clock
    worker: str
    stopped: Event
    guard: Callable[[Connection], None]
    tell: Callable[[str], None]

    def commit(self, run: str, writes: "list[Write]") -> None:
        """All or nothing."""
        self.patiently(run, lambda: self._write(writes))
        self.tell(run)

    def patiently(self, run: str, do: Callable[[], T]) -> T:
        """While the database is away or its disk full, a run waits; it does not fail."""
        while not self.stopped.is_set():
            try:
                return do()
            except AWAY as error:
                log.warning("run %s waits for the database: %s", run, error)
                self.stopped.wait(PAUSE_SECONDS)
        raise Interrupted

    def cancel_requested(self, run: str) -> bool:
        """Not knowing is a no: it is asked again soon."""
        try:
            with reading(self.database) as connection:
                return connection.execute(_CANCELLED_BY, {"key": run}).scalar() is not None
        except AWAY as error:
            log.warning("run %s can not see whether it was cancelled: %s", run, error)
            return False

    def _write(self, writes: "list[Write]") -> None:
        with writing(self.database) as connection:
            self.guard(connection)
            for statement, values in writes:
                connection.execute(statement, values)


Write = tuple[Executable, dict[str, Any]]

Answers = Mapping[int, tuple[str, dict[str, Any]]]
"""Of each step that has ended, by number: its name and its record."""


@dataclass
class RunJournal:
    """The journal of one execution of one run. `answers` are what earlier executions have written."""

    journal: Journal
    run: str
    answers: Answers
    _pending: list[Write] = field(default_factory=list)

    def begin(self) -> None:
        values = {"state": RunState.RUNNING.value, "worker": self.journal.worker, "error": ""}
        self._pending.append((_RUN_BEGINS, {"key": self.run, "at": self._now(), **values}))

    def begin_step(self, number: int, name: str) -> None:
        """Committed when this returns; a step that was begun before gets one more attempt."""
        step = {"run": self.run, "number": number, "name": name, "state": StepState.RUNNING.value, "attempt": 1}
        begins = _STEP_BEGINS[is_sqlite(self.journal.database)]
        self._flush((begins, {**step, "started_at": self._now(), "ended_at": None, "outcome": ""}))

    def note(self, number: int, text: str) -> None:
        """What the running step waits for."""
        self._flush((_THIS_STEP, {"key": self.run, "step": number, "outcome": storable(text)}))

    def end_step(self, number: int, record: dict[str, Any]) -> None:
        state = _STATES.get(record.get("error"), StepState.ERRORED)
        said = {"outcome": _sentence(record), "answer": json.dumps(record)}
        values = {"state": state.value, "ended_at": self._now(), **said}
        self._flush((_THIS_STEP, {"key": self.run, "step": number, **values}))

    def end(self, state: RunState, error: str = "") -> None:
        self._flush(
            (_THIS_RUN, {"key": self.run, "state": state.value, "ended_at": self._now(), "error": storable(error)})
        )

    def _flush(self, write: Write) -> None:
        try:
            self.journal.commit(self.run, [*self._pending, write])
        except DBAPIError as error:
            raise Unrecorded from error
        self._pending.clear()

    def _now(self) -> datetime:
        return self.journal.clock.now()


def _sentence(record: dict[str, Any]) -> str:
    if "error" in record:
        return str(record["message"])
    value = record["value"]
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# Columns are set by the names of the values that are executed with these.
_RUN, _STEP = tables.run.c, tables.run_step.c
_THIS_RUN = update(tables.run).where(_RUN.id == bindparam("key"))
_RUN_BEGINS = _THIS_RUN.values(started_at=func.coalesce(_RUN.started_at, bindparam("at", type_=_RUN.started_at.type)))
_THIS_STEP = update(tables.run_step).where(_STEP.run == bindparam("key"), _STEP.number == bindparam("step"))
_CANCELLED_BY = select(_RUN.cancel_requested_by).where(_RUN.id == bindparam("key"))


def _step_begins(insert: Any) -> Executable:
    again = {"state": insert.excluded.state, "name": insert.excluded.name, "ended_at": None, "outcome": ""}
    statement: Executable = insert.on_conflict_do_update(
        index_elements=["run", "number"], set_={**again, "attempt": _STEP.attempt + 1}
    )
    return statement


_STEP_BEGINS = {
    True: _step_begins(sqlite.insert(tables.run_step)),
    False: _step_begins(postgresql.insert(tables.run_step)),
}
