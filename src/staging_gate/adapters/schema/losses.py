"""What a downgrade throws away, seen from what the database was before it and is after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from staging_gate.adapters.schema.databases import OWN, Content, Counts, Databases, Snapshot
from staging_gate.domain.way_back import Loss


@dataclass(frozen=True)
class Downgraded:
    """Two databases by their addresses. What has only got another name is not lost: its content is there still."""

    databases: Databases
    before: str
    after: str

    def losses(self) -> tuple[Loss, ...]:
        return tuple(sorted([*self._tables(), *self._columns(), *self._rows()], key=lambda loss: loss.what))

    def _tables(self) -> Iterator[Loss]:
        for table in self._gone("table"):
            if not any(self._holds_all_of(table, other) for other in self._new_tables):
                yield Loss(f"table {table}", self._counts[0].get(table))

    def _columns(self) -> Iterator[Loss]:
        """Also those that stay and hold something else afterwards, as after a shorter type."""
        for name in self._gone("column") + self._changed:
            table, _, column = name.partition(".")
            if f"table {table}" not in self._now:
                continue  # it went with its table
            held = self.databases.content(self.before, table, column)
            here = [column] if name in self._changed else self._new_columns(table)
            kept = any(self._content(table, other) == held for other in here)
            if not kept or (not held.rows and name not in self._changed):
                yield Loss(f"column {name}", held.rows)

    def _rows(self) -> Iterator[Loss]:
        before, after = self._counts
        for table in before.keys() & after.keys():
            if OWN not in table and after[table] < before[table]:
                yield Loss(f"rows of {table}", before[table] - after[table])

    def _holds_all_of(self, table: str, other: str) -> bool:
        """An empty one tells nothing: what it will hold by then would be gone."""
        before, after = self._counts
        if not before.get(table) or before.get(table) != after.get(other):
            return False
        columns = [name.partition(".")[2] for name in self._of(self._was, "column") if name.startswith(f"{table}.")]
        there = {name.partition(".")[2] for name in self._of(self._now, "column") if name.startswith(f"{other}.")}
        return all(
            column in there and self.databases.content(self.before, table, column) == self._content(other, column)
            for column in columns
        )

    def _content(self, table: str, column: str) -> Content:
        return self.databases.content(self.after, table, column)

    def _new_columns(self, table: str) -> list[str]:
        new = [name for name in self._of(self._now, "column") if f"column {name}" not in self._was]
        return [name.partition(".")[2] for name in new if name.startswith(f"{table}.")]

    def _gone(self, kind: str) -> list[str]:
        return [name for name in self._of(self._was, kind) if f"{kind} {name}" not in self._now]

    @cached_property
    def _changed(self) -> list[str]:
        names = [name for name in self._of(self._was, "column") if f"column {name}" in self._now]
        return [name for name in names if self._was[f"column {name}"] != self._now[f"column {name}"]]

    @cached_property
    def _new_tables(self) -> list[str]:
        return [name for name in self._of(self._now, "table") if f"table {name}" not in self._was]

    @cached_property
    def _was(self) -> Snapshot:
        return self.databases.snapshot(self.before)

    @cached_property
    def _now(self) -> Snapshot:
        return self.databases.snapshot(self.after)

    @cached_property
    def _counts(self) -> tuple[Counts, Counts]:
        return self.databases.counts(self.before), self.databases.counts(self.after)

    def _of(self, snapshot: Snapshot, kind: str) -> list[str]:
        prefix = f"{kind} "
        return [name.removeprefix(prefix) for name in sorted(snapshot) if name.startswith(prefix) and OWN not in name]
