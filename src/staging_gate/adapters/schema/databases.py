"""What the proof of migrations needs of a database server: clones, their schema and rows, the locks of a statement."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

OWN = "alembic_version"

Snapshot = Mapping[str, str]
"""What there is, by its name: `column orders.price` is `numeric(10,2) NOT NULL`."""

Counts = Mapping[str, int]
"""Rows by table."""


@dataclass(frozen=True)
class Content:
    """What a column holds: in how many rows something, and a digest of all of it, whatever its order and type."""

    rows: int
    digest: str


@dataclass
class Locks:
    """What a migration did to the tables that were there before it. `held` has those that it closed to writers: the
    strongest mode, and for how many seconds at most; `rewritten` those that got a new file and have rows."""

    held: dict[str, tuple[str, float]] = field(default_factory=dict)
    rewritten: list[str] = field(default_factory=list)


class Databases(Protocol):
    kind: str

    def clone(self, of: str | None = None) -> AbstractContextManager[str]:
        """The address of a new database, empty or a copy of another one; dropped afterwards."""
        ...

    def snapshot(self, address: str) -> Snapshot: ...
    def counts(self, address: str) -> Counts: ...
    def content(self, address: str, table: str, column: str) -> Content: ...
    def watching(self, address: str) -> AbstractContextManager[Locks]:
        """Look on while something migrates the database; what was seen is complete at the end of the block."""
        ...


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """`+ column orders.price: numeric`, `- index ix`, `~ column a.b: int -> bigint`. Without the tool's own table."""
    before, after = ({name: one for name, one in given.items() if OWN not in name} for given in (before, after))
    lines = [f"- {name}: {before[name]}" for name in before.keys() - after.keys()]
    lines += [f"+ {name}: {after[name]}" for name in after.keys() - before.keys()]
    both = before.keys() & after.keys()
    lines += [f"~ {name}: {before[name]} -> {after[name]}" for name in both if before[name] != after[name]]
    return sorted(lines, key=lambda line: line[2:])
