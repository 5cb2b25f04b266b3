"""What every act of the state machine is made of: ask `gate explain`, act, compare, look at everything."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar, cast

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition

from staging_gate.domain.bypass import Bypass
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.gate import Action, Decision
from staging_gate.domain.incident import Incident
from staging_gate.domain.release import Hold, Quarantine, Release, ReleaseState
from staging_gate.ports.errors import OutsideError
from staging_gate.ports.policy import PolicyProblems
from staging_gate.ports.store import Stale
from staging_gate.runbook.cancelling import TooLate
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.runbook.policy import NoPolicy
from staging_gate.testing.world import PushRefused, World
from tests.machine.tales import EVERYBODY, TALES, Library
from tests.machine.witness import Witness

T = TypeVar("T")
Answer = tuple[str, ...]
OPEN: Answer = ("open",)
WAITS: Answer = ("waits",)

ANY = st.integers(0, 23)
"""Picks one of what there is."""
SOMEBODY = st.sampled_from(EVERYBODY)

PLAINLY = (Unknown, Unusable, TooLate, NoPolicy, PolicyProblems, OutsideError, Stale, PushRefused)
"""What faces answer in words, without a decision: what was asked is not there, or can not be done so."""


@dataclass(frozen=True)
class Now:
    """What there is to act on, the oldest first."""

    changes: Sequence[Change] = ()
    releases: Sequence[Release] = ()
    deployments: Sequence[Deployment] = ()
    holds: Sequence[Hold] = ()
    quarantines: Sequence[Quarantine] = ()
    incidents: Sequence[Incident] = ()
    bypasses: Sequence[Bypass] = ()

    @property
    def subjects(self) -> Sequence[str]:
        """What can still get through a gate."""
        ended = (ReleaseState.WITHDRAWN, ReleaseState.VERIFIED)
        releases = [release.tag for release in self.releases if release.state not in ended]
        return [*(str(change.number) for change in self.open), *releases]

    @property
    def open(self) -> Sequence[Change]:
        return [change for change in self.changes if change.is_open]


@dataclass
class Tally:
    """How much was done; `decisions` is how often each action was open and closed, and ended so."""

    sequences: int = 0
    steps: int = 0
    decisions: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, int]:
        return {"sequences": self.sequences, "steps": self.steps, **dict(sorted(self.decisions.items()))}


class Stage(RuleBasedStateMachine):
    """A world, whoever acts in it, and the witness. `library` and `tally` are given by the test."""

    library: ClassVar[Library]
    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.world: World
        self.witness: Witness
        self.now = Now()

    @initialize(tale=st.sampled_from(tuple(TALES)))
    def once_upon_a_time(self, tale: str) -> None:
        self.tally.sequences += 1
        self.world = self.library.open(TALES[tale])
        self.witness = Witness(self.world)
        self.look()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.library.shelve(self.world)

    # --- acting --------------------------------------------------------------------------------------------------

    def act(
        self,
        said: str,
        do: Callable[[], T],
        told: Callable[[], Decision | Answer] | None = None,
        besides: tuple[type[Exception], ...] = (),
    ) -> T | None:
        """What came of an act, None where it was refused. `told` is what `gate explain` says of it before: the act
        must end as it says. `besides` are plain refusals of what the gate has nothing to do with."""
        foretold, decision = _answer(told) if told else (None, None)
        answer, result = _answer(do)
        self.world.settle()
        note(f"  {self.world.clock.now():%a %d %b %H:%M} {said}: {' '.join(answer)}")
        if foretold is not None and answer[0] not in [kind.__name__ for kind in besides]:
            assert answer == foretold, f"explain said {foretold}, but to act gave {answer}"
        if isinstance(decision, Decision):
            self.tally.decisions[f"{decision.action} {'open' if decision.open else 'closed'}"] += 1
        self.look()
        self.tally.steps += 1
        return result

    def explained(
        self, action: Action, subject: object, by: str, role: str = "review", code: str = ""
    ) -> Callable[[], Decision]:
        """What `gate explain` answers."""
        return lambda: self.world.explain(str(subject), by, action, role, code)

    def look(self) -> None:
        """The witness judges what there is now."""
        self.witness.look()
        with self.world.store.reading() as tx:
            self.now = Now(
                changes=tx.changes.recent(500)[::-1],
                releases=tx.releases.all()[::-1],
                deployments=tx.deployments.recent(None, 500)[::-1],
                holds=tx.holds.in_force(),
                quarantines=tx.releases.quarantines(),
                incidents=tx.incidents.recent()[::-1],
                bypasses=tx.bypasses.recent()[::-1],
            )


def there_is(what: str) -> Callable[[T], T]:
    """A rule that needs one of them: `open`, `changes`, `releases` ..."""
    return cast(Callable[[T], T], precondition(lambda self: bool(getattr(self.now, what))))


def one_of(things: Sequence[T], which: int) -> T:
    """The newest for 0, the one before for 1, and so on around."""
    return things[-1 - which % len(things)]


def _answer(do: Callable[[], T]) -> tuple[Answer, T | None]:
    try:
        result = do()
    except Closed as closed:
        return closed.decision.codes, None
    except PLAINLY as plainly:
        return (type(plainly).__name__,), None
    if isinstance(result, Decision):
        return result.codes or OPEN, result
    return (WAITS if result is WAITS else OPEN), result
