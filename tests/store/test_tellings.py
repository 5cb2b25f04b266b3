"""What the code host was told last: claimed by one, remembered whole."""

from dataclasses import replace

import pytest

from staging_gate.domain.report import Told
from staging_gate.ports.store import Stale
from staging_gate.store import SqlStore
from tests.store.nouns import AT, later

TOLD = Told(
    subject="verdict 7",
    due_at=AT,
    said="ab" * 32,
    key="run 12",
    about="c" * 40,
    times=3,
    attempts=2,
    problem="GitHub can not be reached — 市場",
    failing_since=later(-5),
    unclear=True,
    told_at=later(-9),
)


def test_all_of_it_is_remembered(store: SqlStore) -> None:
    other = Told("verdict_ 8", AT)
    with store.transaction() as tx:
        tx.tellings.add(TOLD)
        tx.tellings.add(other)
    with store.reading() as tx:
        assert [tx.tellings.get(one) for one in (TOLD.subject, other.subject, "verdict 9")] == [TOLD, other, None]
        assert tx.tellings.of_kind("verdict") == tx.tellings.failing() == [TOLD]


def test_one_of_two_claims_it(store: SqlStore) -> None:
    claimed = replace(TOLD, due_at=later(2), attempts=3)
    with store.transaction() as tx:
        tx.tellings.add(TOLD)
        tx.tellings.update(claimed, TOLD)
        with pytest.raises(Stale, match="Somebody else tells verdict 7 at this moment."):
            tx.tellings.update(replace(TOLD, due_at=later(3)), TOLD)
        with pytest.raises(Stale, match="Somebody else tells verdict 7 already."):
            tx.tellings.add(TOLD)
        tx.tellings.forget(TOLD)
        assert tx.tellings.get(TOLD.subject) == claimed
        tx.tellings.forget(claimed)
        assert tx.tellings.get(TOLD.subject) is None
