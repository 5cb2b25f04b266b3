"""What a story is made of: steps with what is expected of each, told one after the other."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from staging_gate.demo.people import Deviation, People
from staging_gate.demo.stage import Stage
from staging_gate.testing.strict_client import Answer, StrictClient


@dataclass
class Story:
    """What is known so far. `now` is told what goes on at this moment; `change` is the one that the
    story is at, `released` has the commit of each tag, `spent` the seconds that what was waited for has taken."""

    stage: Stage
    client: StrictClient
    now: Callable[[str], None]
    change: int = 0
    released: dict[str, str] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    rollback_ms: float | None = None
    merge_to_verified_s: float | None = None

    @property
    def people(self) -> People:
        return self.stage.people

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.spent[what] += time.monotonic() - started

    def seen(self, tag: str, after: float = 0.0) -> Answer | None:
        """The first complete answer of this release in production that came after this moment."""
        return self.client.first(self.released[tag], after)


@dataclass(frozen=True)
class Step:
    """`act` does it and returns what was observed; it raises Deviation where that is not what was expected."""

    name: str
    expected: str
    act: Callable[[Story], str]


def step(name: str, expected: str) -> Callable[[Callable[[Story], str]], Step]:
    return lambda act: Step(name, expected, act)


@dataclass(frozen=True)
class Chapter:
    title: str
    steps: Sequence[Step]


@dataclass(frozen=True)
class Told:
    step: str
    expected: str
    observed: str
    ok: bool
    seconds: float


def tell(story: Story, step: Step) -> Told:
    """Do one step. Whatever goes wrong in it is what was observed."""
    started = time.monotonic()
    try:
        observed, ok = step.act(story), True
    except Deviation as deviation:
        observed, ok = str(deviation), False
    except Exception as error:  # an answer of another shape, say: the story ends here, but not without saying why
        observed, ok = f"{type(error).__name__}: {error}", False
    return Told(step.name, step.expected, observed, ok, round(time.monotonic() - started, 3))


def expect(so: bool, observed: str) -> str:
    """What was observed, if it is what was expected. Raises Deviation."""
    if not so:
        raise Deviation(observed)
    return observed


def proper(name: str) -> str:
    """A provider as it calls itself."""
    return {"github": "GitHub"}.get(name, name.title())
