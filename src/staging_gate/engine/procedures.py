"""What the engine can run: functions with a name, known before any engine starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from staging_gate.engine.run import Run

Body = Callable[[Run, str], None]
Errored = Callable[[Any, str, str], None]


@dataclass(frozen=True)
class Procedure:
    """`errored(ports, subject, message)` is called as the last step of a run whose body broke."""

    name: str
    body: Body
    errored: Errored | None


_known: dict[str, Procedure] = {}


def procedure(name: str, errored: Errored | None = None) -> Callable[[Body], Body]:
    """Register `body(run, subject)` under a name that never changes: unfinished runs are found by it after an upgrade.

    A body takes its steps in the same order whenever it is run again with the same answers of its steps: it reads
    nothing but `subject`, what steps returned, and `run.cancel_requested()`. Its steps are sentences.
    """

    def register(body: Body) -> Body:
        if name in _known:
            raise ValueError(f"There are two procedures named {name!r}.")
        _known[name] = Procedure(name, body, errored)
        return body

    return register


def find(name: str) -> Procedure | None:
    return _known.get(name)


def names() -> list[str]:
    """Of all procedures that were registered so far."""
    return list(_known)
