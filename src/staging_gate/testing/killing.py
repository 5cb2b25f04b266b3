"""The sudden death of our process, inside one process: at a named point everything of ours ends where it is.

What is outside (the fakes, the repository, the database) stays as it is at that moment, and a new engine goes on.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from staging_gate.engine import Engine
from staging_gate.engine.journal import Interrupted


class Killed(Interrupted):
    """We died here. Nothing that catches errors may catch this: not a line of ours runs on."""


@dataclass
class Kills:
    """`seen` are the points that the runs have passed, in order; at `at` they die, once, or `after` so many more."""

    seen: list[str] = field(default_factory=list)
    at: str | None = None
    after: int | None = None
    died: threading.Event = field(default_factory=threading.Event)
    _times: Counter[str] = field(default_factory=Counter)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _where: threading.local = field(default_factory=threading.local)

    def point(self, what: str) -> None:
        """Raises Killed where this is the one; also where we have died in another thread meanwhile."""
        if self.died.is_set():
            raise Killed
        with self._turn:
            place = f"{self.where}: {what}"
            self._times[place] += 1
            name = place if self._times[place] == 1 else f"{place} ({self._times[place]})"
            self.seen.append(name)
            if name == self.at or self.after == 0:
                self.at = self.after = None
                self.died.set()
                raise Killed
            self.after = None if self.after is None else self.after - 1

    @property
    def where(self) -> str:
        """The run and the step that this thread is in."""
        return f"{getattr(self._where, 'run', '')} / {getattr(self._where, 'step', '')}"

    def enter(self, run: str) -> None:
        # Ids carry the moment at which they were asked for.
        self._where.run, self._where.step = re.sub(r"-\d{8,}$", "", run), ""

    def enter_step(self, step: str) -> None:
        self._where.step = step


class MortalEngine(Engine):
    """The real engine, with points of death before each step, after it before that is recorded, and afterwards."""

    def __init__(self, *args: Any, kills: Kills, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kills = kills

    def dead(self) -> bool:
        """Whether every thread of ours has come to its end."""
        return self._kills.died.is_set() and not self._executing

    def _has_nothing_to_do(self) -> bool:
        return self._kills.died.is_set() or super()._has_nothing_to_do()

    def _execute(self, run: str) -> None:
        self._kills.enter(run)
        super()._execute(run)

    def _step(self, name: str, do: Callable[[], Any], keep: Callable[[Any], None]) -> Any:
        self._kills.enter_step(name)
        self._kills.point("before the step")
        answer = super()._step(name, lambda: self._then_die(do()), keep)
        self._kills.point("after the step")
        return answer

    def _then_die(self, answer: Any) -> Any:
        self._kills.point("before it is recorded")
        return answer
