"""Several at once: who decides for an environment decides alone, numbers have no gaps, the chain has no forks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Barrier, Event
from typing import TypeVar

import pytest

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.audit import verify_chain
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.ports.store import Stale, Transaction
from staging_gate.store import SqlStore
from tests.store import nouns

STAGING = Environment.STAGING
AT_ONCE = 4
T = TypeVar("T")


def all_at_once(work: Callable[[int], T]) -> list[T]:
    ready = Barrier(AT_ONCE)

    def together(number: int) -> T:
        ready.wait()
        return work(number)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(together, range(AT_ONCE)))


def take_turn(tx: Transaction, id: str) -> bool:
    """What a run does at its beginning."""
    tx.deployments.lock(STAGING)
    if tx.deployments.occupying(STAGING):
        return False
    mine = tx.deployments.get(id)
    assert mine is not None
    tx.deployments.update(replace(mine, state=DeploymentState.RUNNING), was=DeploymentState.QUEUED)
    return True


def add_queued(store: SqlStore, count: int) -> list[str]:
    with store.transaction() as tx:
        ids = [tx.deployments.next_id(STAGING) for _ in range(count)]
        for id in ids:
            tx.deployments.add(replace(nouns.DEPLOYMENT, id=id, environment=STAGING, state=DeploymentState.QUEUED))
    return ids


def test_one_of_many_gets_the_environment(store: SqlStore) -> None:
    ids = add_queued(store, AT_ONCE)

    def race(number: int) -> bool:
        with store.transaction() as tx:
            return take_turn(tx, ids[number])

    assert sorted(all_at_once(race)) == [False] * (AT_ONCE - 1) + [True]


def test_the_second_waits_for_the_lock_and_sees_what_the_first_did(store: SqlStore) -> None:
    first, second = add_queued(store, 2)
    has_lock, may_commit = Event(), Event()

    def holder() -> None:
        with store.transaction() as tx:
            assert take_turn(tx, first)
            has_lock.set()
            assert may_commit.wait(20)

    def waiter() -> bool:
        assert has_lock.wait(20)
        with store.transaction() as tx:
            return take_turn(tx, second)

    with ThreadPoolExecutor(2) as threads:
        holding, waiting = threads.submit(holder), threads.submit(waiter)
        assert not wait([waiting], timeout=0.1).done
        may_commit.set()
        holding.result()
        assert waiting.result() is False


def test_who_forgets_the_lock_meets_the_index(store: SqlStore) -> None:
    ids = add_queued(store, AT_ONCE)

    def race(number: int) -> str:
        try:
            with store.transaction() as tx:
                mine = tx.deployments.get(ids[number])
                assert mine is not None
                tx.deployments.update(replace(mine, state=DeploymentState.RUNNING), was=DeploymentState.QUEUED)
        except Stale:
            return "stale"
        return "mine"

    assert sorted(all_at_once(race)) == ["mine"] + ["stale"] * (AT_ONCE - 1)


def test_one_of_many_updates_one_row(store: SqlStore) -> None:
    (id,) = add_queued(store, 1)

    def race(number: int) -> str:
        try:
            with store.transaction() as tx:
                mine = tx.deployments.get(id)
                assert mine is not None
                ended = replace(mine, state=DeploymentState.ABORTED, failure=f"by {number}")
                tx.deployments.update(ended, was=DeploymentState.QUEUED)
        except Stale:
            return "stale"
        return "mine"

    assert sorted(all_at_once(race)) == ["mine"] + ["stale"] * (AT_ONCE - 1)


def test_numbers_have_no_gaps(store: SqlStore) -> None:
    def open_changes(number: int) -> list[int]:
        taken = []
        for _ in range(5):
            with store.transaction() as tx:
                taken.append(tx.changes.next_number())
            with pytest.raises(ZeroDivisionError), store.transaction() as tx:
                tx.changes.next_number()
                raise ZeroDivisionError
        return taken

    taken = [number for some in all_at_once(open_changes) for number in some]
    assert sorted(taken) == list(range(1, len(taken) + 1))


def test_the_chain_has_no_forks(store: SqlStore) -> None:
    def write(number: int) -> None:
        for turn in range(10):
            with store.transaction() as tx:
                tx.audit(SYSTEM, "counted", f"thread-{number}", turn=turn)
                tx.audit(SYSTEM, "counted again", f"thread-{number}", turn=turn)

    all_at_once(write)
    with store.reading() as tx:
        report = verify_chain(tx.audit_log.entries())
    assert (report.entries, report.intact) == (AT_ONCE * 20, True)
