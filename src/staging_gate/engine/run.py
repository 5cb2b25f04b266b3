"""What a procedure works with: its steps, and whether somebody asked it to stop."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import get_ident
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from staging_gate.engine.answers import Json, StepsChanged, answered, failed, value_of
from staging_gate.engine.journal import RunJournal
from staging_gate.ports.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R", bound=Json)

TRIES = 5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0


class Take(Protocol):
    """Does a step and has its answer kept, or raises Interrupted where the run can not go on here."""

    def __call__(self, name: str, do: Callable[[], Any], keep: Callable[[Any], None]) -> Any: ...


class Checkpoint(Protocol):
    """Does something once: a later attempt at the same run gets the recorded answer."""

    def __call__(self, name: str, do: Callable[[], Any]) -> Any: ...


@dataclass
class Run:
    """One execution of one procedure. `ports` is what the engine was given, for the steps."""

    id: str
    procedure: str
    subject: str
    ports: Any
    _journal: RunJournal
    _take: Take
    _checkpoint: Checkpoint
    _thread: int = field(default_factory=get_ident, init=False)
    _number: int = field(default=0, init=False)
    _in_step: bool = field(default=False, init=False)
    _cancel_seen: bool = field(default=False, init=False)

    def step(self, name: str, do: Callable[Concatenate[Any, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`do(ports, *args)`, once: after a crash the recorded answer is returned, unless the crash came in between.

        So `do` looks before it acts. It returns JSON. Unavailable is tried again, five times in all, then raised as
        Refused and Unclear are at once; any other exception is raised as StepErrored.
        """
        if self._in_step or get_ident() != self._thread:
            raise RuntimeError(
                f"The step {name!r} is taken inside another step or thread; only the procedure takes steps."
            )
        self._number += 1
        record = self._answered_before(name)
        if record is None:
            perform = partial(self._perform, self._number, name, partial(do, self.ports, *args, **kwargs))
            record = self._take(name, perform, partial(self._journal.end_step, self._number))
        self._cancel_seen = self._cancel_seen or record.get("cancel_seen", False)
        answer: R = value_of(record)
        return answer

    def cancel_requested(self) -> bool:
        """Whether somebody asked this run to stop; hand it to long steps as it is. Whoever sees it cleans up itself.

        Between steps the answer is recorded, so that another attempt at the run goes the same way.
        """
        asked = partial(self._journal.journal.cancel_requested, self.id)
        answer = asked() if self._in_step else self._checkpoint("cancel requested?", asked)
        self._cancel_seen = self._cancel_seen or answer
        return bool(answer)

    @property
    def cancelled(self) -> bool:
        """Whether the procedure has seen the request to stop."""
        return self._cancel_seen

    def _answered_before(self, name: str) -> dict[str, Any] | None:
        before, record = self._journal.answers.get(self._number, (name, None))
        if before != name:
            raise StepsChanged(
                f"This run went another way before: where it takes the step {name!r} now, it took another one then."
            )
        return record

    def _perform(self, number: int, name: str, do: Callable[[], Any]) -> dict[str, Any]:
        self._in_step = True
        try:
            self._journal.begin_step(number, name)
            record = answered(self._patiently(number, do))
        except Exception as error:  # whatever it is, it is the step's answer: recorded, and raised to the procedure
            record = failed(name, error)
        finally:
            self._in_step = False
        return {**record, "cancel_seen": True} if self._cancel_seen else record

    def _patiently(self, number: int, do: Callable[[], Any]) -> Any:
        for tried in range(1, TRIES):
            try:
                return do()
            except Unavailable as error:
                pause = error.retry_after or FIRST_PAUSE_SECONDS * 2 ** (tried - 1)
                if pause > LONGEST_PAUSE_SECONDS or self.cancel_requested():
                    raise
                self._journal.note(number, f"{error.message} Trying again in {pause:g} s ({tried + 1} of {TRIES}).")
                self._journal.journal.clock.pause(pause)
        return do()
