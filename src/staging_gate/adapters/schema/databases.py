"""What the proof of migrations needs of a database server: clones, their schema and rows, the locks of a statement."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

OWN = "alembic_version"

Snapshot = Mapping[str, str]
"""What there is, by its name: `column orders.price` is `numeric(10,2) NOT NULL`."""

Counts = Mapping[str, int]
"""Rows by table."""


@dataclass(frozen=True)
class Locks:
    """What a migration's transaction held at its end. `held` maps tables to their strongest lock mode; `rewritten` are
    those that got a new file; `seconds` is how long it held them. `error` is what a statement failed with."""

    held: Mapping[str, str]
    rewritten: tuple[str, ...]
    seconds: float
    error: str = ""


class Databases(Protocol):
    kind: str

    def clone(self, of: str | None = None) -> AbstractContextManager[str]:
        """The address of a new database, empty or a copy of another one; dropped afterwards."""
        ...

    def snapshot(self, address: str) -> Snapshot: ...
    def counts(self, address: str) -> Counts: ...
    def locks(self, address: str, statements: str) -> Locks | None:
        """Execute and roll back. None where there is nothing to find out."""
        ...


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """`+ column orders.price: numeric`, `- index ix`, `~ column a.b: int -> bigint`. Without the tool's own table."""
    before, after = ({name: one for name, one in given.items() if OWN not in name} for given in (before, after))
    lines = [f"- {name}: {before[name]}" for name in before.keys() - after.keys()]
    lines += [f"+ {name}: {after[name]}" for name in after.keys() - before.keys()]
    both = before.keys() & after.keys()
    lines += [f"~ {name}: {before[name]} -> {after[name]}" for name in both if before[name] != after[name]]
    return sorted(lines, key=lambda line: line[2:])
