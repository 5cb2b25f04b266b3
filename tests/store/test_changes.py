"""What is asked of changes."""

from dataclasses import replace

from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.revision import Revision
from staging_gate.store import SqlStore
from staging_gate.store.changes import AT_ONCE
from tests.store import nouns


def a_change(number: int, state: ChangeState = ChangeState.OPEN, **given: object) -> Change:
    plain = Change(
        number=number,
        title=f"Change {number}",
        source=f"feature/{number}",
        target="staging",
        author="ada",
        head=nouns.revision("a"),
        opened_at=nouns.AT,
        state=state,
    )
    return replace(plain, **given)  # type: ignore[arg-type]


def merged(number: int, target: str = "staging") -> Change:
    revision = Revision(f"{number:040d}", f"{number:039d}f")
    return a_change(number, ChangeState.MERGED, merged=revision, target=target)


def test_changes_are_numbered_from_one(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert [tx.changes.next_number() for _ in range(3)] == [1, 2, 3]


def test_an_open_change_is_found_by_its_branches(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.changes.add(a_change(1, ChangeState.CLOSED, source="feature/2"))
        tx.changes.add(a_change(2))
        assert tx.changes.find_open("feature/2", "staging") == a_change(2)
        assert tx.changes.find_open("feature/2", "main") is None
        assert tx.changes.open() == [a_change(2)]


def test_the_change_of_a_release_is_the_latest_one(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.changes.add(a_change(1, ChangeState.CLOSED, release="v1.0.0"))
        tx.changes.add(a_change(2, release="v1.0.0"))
        assert tx.changes.of_release("v1.0.0") == a_change(2, release="v1.0.0")
        assert tx.changes.of_release("v1.1.0") is None


def test_merged_changes_are_found_by_their_merge_commits(store: SqlStore) -> None:
    with store.transaction() as tx:
        for change in (merged(3), merged(2), merged(1, target="main"), a_change(4)):
            tx.changes.add(change)
    whole_history = [f"{number:040d}" for number in range(3 * AT_ONCE + 1)]
    with store.reading() as tx:
        assert tx.changes.merged_into("staging", whole_history) == [merged(2), merged(3)]
        assert tx.changes.merged_into("staging", whole_history[:3]) == [merged(2)]
        assert tx.changes.merged_into("staging", []) == []
        assert tx.changes.merged_trees([1, 3, 4, 5]) == {1: f"{1:039d}f", 3: f"{3:039d}f"}
