"""A fake of what tries the release before on changed databases: nothing runs, and the next pair goes as it was told."""

from dataclasses import dataclass, field, replace

from staging_gate.domain.way_back import Loss, TriedOn, Try, WayBackVerdict
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import OutsideError, Stopped
from staging_gate.ports.way_back import WayBackOrder
from staging_gate.testing.logs import MemoryLogs
from staging_gate.testing.polling import eventually

Pair = tuple[str, str]
SECONDS = 2.5

WORKS: dict[WayBackVerdict, tuple[bool | None, ...]] = {
    WayBackVerdict.COMPATIBLE: (True, True, True),
    WayBackVerdict.REVERSIBLE: (False, True, True),
    WayBackVerdict.IRREVERSIBLE: (False, False, True),
    WayBackVerdict.UNKNOWN: (None, None, None),
}
"""Whether the release before works, on each database in the order of `TriedOn`."""


@dataclass(frozen=True)
class Plan:
    works: tuple[bool | None, ...] = WORKS[WayBackVerdict.COMPATIBLE]
    losses: tuple[Loss, ...] = ()
    error: OutsideError | None = None
    hangs: bool = False


@dataclass
class FakeWayBack:
    """Implements `ports.way_back.WayBackProver`: every way back is compatible, unless the next pair was told otherwise.

    `tried` has (tree of the new release, tree of the old one, on what) of every try that was begun.
    """

    logs: MemoryLogs
    tried: list[tuple[str, str, TriedOn]] = field(default_factory=list)
    _armed: list[Plan] = field(default_factory=list)
    _bound: dict[Pair, Plan] = field(default_factory=dict)

    def next(self, verdict: str, *losses: Loss) -> None:
        """For the next pair, as often as it is tried."""
        self._armed.append(Plan(WORKS[WayBackVerdict(verdict)], losses))

    def next_never_works(self) -> None:
        """Not on a database of its own either."""
        self._armed.append(Plan((False, False, False)))

    def next_fails(self, error: OutsideError) -> None:
        self._armed.append(Plan(error=error))

    def next_hangs(self) -> None:
        """Until it is cancelled."""
        self._armed.append(Plan(hangs=True))

    def again(self, verdict: str, *losses: Loss) -> None:
        """What was mended since: pairs that were tried before are like that from now on."""
        self._bound = dict.fromkeys(self._bound, Plan(WORKS[WayBackVerdict(verdict)], losses))

    def prove(self, order: WayBackOrder, cancelled: Cancelled) -> Try:
        pair = (order.new.revision.tree, order.old.revision.tree)
        if pair not in self._bound:
            self._bound[pair] = self._armed.pop(0) if self._armed else Plan()
        plan = self._bound[pair]
        self.tried.append((*pair, order.on))
        if plan.hangs:
            eventually(cancelled, within=120)
        if cancelled():
            raise Stopped("It was cancelled.")
        if plan.error is not None:
            raise plan.error
        works = plan.works[list(TriedOn).index(order.on)]
        said = {True: "works", False: "does not work", None: "could not be tried"}[works]
        self.logs.append(order.log, f"{order.old.name} {said} on the {order.on} database\n")
        losses = plan.losses if order.on is TriedOn.DOWNGRADED else ()
        return Try(order.on, works, (f"{order.old.name} {said} on the {order.on} database.",), losses, SECONDS)

    def copy(self, logs: MemoryLogs) -> "FakeWayBack":
        return replace(self, logs=logs, tried=[*self.tried], _armed=[*self._armed], _bound={**self._bound})
