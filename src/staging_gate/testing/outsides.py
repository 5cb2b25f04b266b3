"""An outside as the engine reaches it: it can be away for a while, and our process can die around every call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from staging_gate.ports.errors import Unavailable
from staging_gate.ports.store import Store, Transaction
from staging_gate.testing.killing import Kills

ACTING = {
    "deploy target": frozenset(
        {
            "build",
            "back_up",
            "drop_backup",
            "upgrade_schema",
            "downgrade_schema",
            "start",
            "switch",
            "put_back",
            "close_route",
            "discard",
        }
    ),
    "code host": frozenset({"merge", "delete_branch", "create_tag", "create_branch"}),
    "checks": frozenset({"prepare", "run"}),
    "smoke tests": frozenset({"run"}),
    "way back": frozenset({"prove"}),
}
"""The calls of each that change something."""


class Reached:
    """Stands for any port; passes on every call but those that fail because it is away.

    `acting` are the calls that change something: before and after each of them is a point of death.
    """

    def __init__(self, name: str, outside: Any, acting: frozenset[str], kills: Kills) -> None:
        self._name = name
        self._outside = outside
        self._acting = acting
        self._kills = kills
        self._away: dict[str, int] = {}
        self._before: dict[str, Callable[[], object]] = {}

    def away_for(self, calls: int, call: str) -> None:
        """The next `calls` times, `call` is Unavailable."""
        self._away[call] = calls

    def just_before(self, call: str, do: Callable[[], object]) -> None:
        """Somebody else acts right before the next such call: `do` runs once, in the run's own thread."""
        self._before[call] = do

    def __getattr__(self, call: str) -> Callable[..., Any]:
        do: Callable[..., Any] = getattr(self._outside, call)
        if not callable(do):
            return do

        def reach(*args: Any, **kwargs: Any) -> Any:
            self._before.pop(call, _nothing)()
            self._maybe_away(call)
            if call not in self._acting:
                return do(*args, **kwargs)
            self._kills.point(f"before {self._name}.{call}")
            answer = do(*args, **kwargs)
            self._kills.point(f"after {self._name}.{call}")
            return answer

        return reach

    def _maybe_away(self, call: str) -> None:
        if self._away.get(call):
            self._away[call] -= 1
            raise Unavailable(f"The {self._name} does not answer.")


def _nothing() -> None:
    """Nobody acts."""


class KilledStore:
    """A store whose process can die right before and right after a commit."""

    def __init__(self, store: Store, kills: Kills) -> None:
        self._store = store
        self._kills = kills

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._store.transaction() as tx:
            yield tx
            self._kills.point("before the commit")
        self._kills.point("after the commit")

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._store.reading() as tx:
            yield tx

    def on_commit(self, tell: Callable[[], None]) -> None:
        self._store.on_commit(tell)
