"""Changes, and the word of people who tried them."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import RowMapping, Update, insert, select, update

from staging_gate.domain.change import Change, ChangeState, MergePreview, Tested
from staging_gate.store.sql import Sql, fill, one_revision, two_columns
from staging_gate.store.tables import change as table
from staging_gate.store.tables import tested as tested_table

T = TypeVar("T")

AT_ONCE = 1000
"""How many values one statement asks for: SQLite takes 32,766 at most, and a first release ships a whole history."""


class SqlChanges:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def next_number(self) -> int:
        return self._sql.advance("change")

    def add(self, change: Change) -> None:
        """Raises Stale where somebody opened the same change while we looked: one is open per source and target."""
        self._sql.add(table, _row(change), f"A change from {change.source} to {change.target} is open already.")

    def get(self, number: int) -> Change | None:
        return self._one(select(table).where(table.c.number == number))

    def find_open(self, source: str, target: str) -> Change | None:
        return self._one(
            select(table).where(table.c.source == source, table.c.target == target, table.c.state == ChangeState.OPEN)
        )

    def open(self) -> list[Change]:
        return self._all(select(table).where(table.c.state == ChangeState.OPEN).order_by(table.c.number))

    def recent(self, limit: int = 50) -> list[Change]:
        return self._all(select(table).order_by(table.c.number.desc()).limit(limit))

    def of_release(self, tag: str) -> Change | None:
        """The latest one, where a first was closed and opened anew."""
        return self._one(select(table).where(table.c.release == tag).order_by(table.c.number.desc()).limit(1))

    def merged_trees(self, numbers: Sequence[int]) -> dict[int, str]:
        return {
            row["number"]: row["merged_tree"]
            for some in _portions(numbers)
            for row in self._sql.all(
                select(table.c.number, table.c.merged_tree).where(
                    table.c.number.in_(some), table.c.merged_tree.is_not(None)
                )
            )
        }

    def update(self, change: Change, was: Change) -> None:
        """Who else: a push that moved the head, a run that previews, another person who merges or closes it."""
        self._sql.change(
            _as_it_was(was).values(**_row(change)),
            f"Change {was.number} is not as it was read: meanwhile it was pushed to, merged or closed.",
        )

    def add_tested(self, tested: Tested) -> None:
        self._sql.write(insert(tested_table).values(**vars(tested)))

    def tested(self, numbers: Sequence[int]) -> list[Tested]:
        """Oldest first."""
        rows = [
            row
            for some in _portions(numbers)
            for row in self._sql.all(select(tested_table).where(tested_table.c.change.in_(some)))
        ]
        return [fill(Tested, row) for row in sorted(rows, key=lambda row: int(row["seq"]))]

    def merged_into(self, target: str, commits: Sequence[str]) -> list[Change]:
        """In the order of their numbers."""
        # Only what is merged has a merge commit: naming the state too makes SQLite read all that was ever merged.
        found = [
            change
            for some in _portions(commits)
            for change in self._all(select(table).where(table.c.target == target, table.c.merged_commit.in_(some)))
        ]
        return sorted(found, key=lambda change: change.number)

    def _one(self, query: Any) -> Change | None:
        row = self._sql.one(query)
        return None if row is None else _change(row)

    def _all(self, query: Any) -> list[Change]:
        return [_change(row) for row in self._sql.all(query)]


def _as_it_was(was: Change) -> Update:
    """The conflicts of a preview follow from its base and head, so they need no comparing."""
    compared: dict[str, object] = {
        "state": was.state,
        "merge_requested_at": was.merge_requested_at,
        "merge_wanted_at": was.merge_wanted_at,
    }
    compared |= two_columns("head", was.head) | _preview_columns(was.preview)
    compared.pop("preview_conflicts")
    return update(table).where(
        table.c.number == was.number,
        *(table.c[name].is_not_distinct_from(value) for name, value in compared.items()),
    )


def _row(change: Change) -> dict[str, object]:
    flat = {name: value for name, value in vars(change).items() if name not in ("head", "preview", "merged")}
    return (
        flat
        | two_columns("head", change.head)
        | two_columns("merged", change.merged)
        | _preview_columns(change.preview)
    )


def _preview_columns(preview: MergePreview | None) -> dict[str, object]:
    return {
        "preview_base": preview.base if preview else None,
        "preview_head": preview.head if preview else None,
        "preview_conflicts": preview.conflicts if preview else None,
        **two_columns("preview", preview.merged if preview else None),
    }


def _change(row: RowMapping) -> Change:
    return fill(
        Change,
        row,
        head=one_revision("head", row),
        merged=one_revision("merged", row),
        preview=_preview(row),
    )


def _preview(row: RowMapping) -> MergePreview | None:
    if row["preview_base"] is None:
        return None
    return MergePreview(
        row["preview_base"], row["preview_head"], one_revision("preview", row), row["preview_conflicts"]
    )


def _portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
