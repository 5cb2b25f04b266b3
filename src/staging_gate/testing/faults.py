"""What goes wrong in a fake, and for whom: the next one that comes along keeps its faults for good.

So a step that is done again after a kill meets the same fault.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from threading import Lock

from staging_gate.ports.checks import Outcome


@dataclass(frozen=True)
class Fault:
    """In the call `call`: `error` is raised, or `answer` given. `acts`: what was asked is done before.

    `service` limits it to one service, `once` to the first time.
    """

    call: str
    error: Exception | None = None
    answer: Outcome | None = None
    service: str | None = None
    acts: bool = False
    once: bool = False


@dataclass
class Faults:
    """`place` is where somebody is awaited (an environment, a check), `who` who came (a deployment, a tree)."""

    _armed: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    _bound: dict[str, list[Fault]] = field(default_factory=dict)
    _turn: Lock = field(default_factory=Lock)

    def arm(self, place: str, fault: Fault) -> None:
        """For the next one that comes to `place`."""
        self._armed[place].append(fault)

    def find(self, place: str, who: str, call: str, service: str = "") -> Fault | None:
        with self._turn:
            if who not in self._bound:
                self._bound[who] = self._armed.pop(place, [])
            fault = next((f for f in self._bound[who] if f.call == call and f.service in (None, service)), None)
            if fault is not None and fault.once:
                self._bound[who].remove(fault)
            return fault

    def copy(self) -> "Faults":
        armed = defaultdict(list, {place: list(faults) for place, faults in self._armed.items()})
        return replace(
            self, _armed=armed, _bound={who: list(found) for who, found in self._bound.items()}, _turn=Lock()
        )
