"""What is asked of deployments: who is next, what is live, and where a rollback would go."""

from dataclasses import replace
from datetime import timedelta

import pytest

from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Quarantine
from staging_gate.ports.store import Transaction
from staging_gate.store import SqlStore
from tests.store import nouns

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION


def a_deployment(number: int, **given: object) -> Deployment:
    """A deployment to production, asked for at minute `number`."""
    plain = Deployment(
        id=f"production-{number}",
        environment=PRODUCTION,
        kind=DeploymentKind.DEPLOY,
        revision=nouns.revision("abcdef"[number % 6]),
        state=DeploymentState.QUEUED,
        why="merged",
        requested_by="ada",
        requested_at=nouns.later(number),
    )
    return replace(plain, **given)  # type: ignore[arg-type]


def succeeded(number: int, release: str | None, **given: object) -> Deployment:
    ended = nouns.later(number) + timedelta(seconds=30)
    return a_deployment(number, release=release, state=DeploymentState.SUCCEEDED, ended_at=ended, **given)


def add(tx: Transaction, *deployments: Deployment) -> None:
    for deployment in deployments:
        tx.deployments.add(deployment)


def ids(deployments: list[Deployment]) -> list[str]:
    return [deployment.id for deployment in deployments]


def test_deployments_are_numbered_per_environment(store: SqlStore) -> None:
    with store.transaction() as tx:
        taken = [tx.deployments.next_id(environment) for environment in (STAGING, STAGING, PRODUCTION)]
    with store.transaction() as tx:
        taken.append(tx.deployments.next_id(STAGING))
    assert taken == ["staging-1", "staging-2", "production-1", "staging-3"]


def test_rollbacks_go_first_then_urgent_ones_then_who_asked_first(store: SqlStore) -> None:
    same_moment = nouns.later(2)
    with store.transaction() as tx:
        add(
            tx,
            a_deployment(10, requested_at=same_moment),
            a_deployment(9, requested_at=same_moment),
            a_deployment(1),
            a_deployment(3, urgent=True),
            a_deployment(4, kind=DeploymentKind.ROLLBACK),
            a_deployment(5, kind=DeploymentKind.ROLLBACK, urgent=True),
            a_deployment(6, state=DeploymentState.RUNNING),
            replace(a_deployment(7), id="staging-7", environment=STAGING),
        )
    with store.reading() as tx:
        assert ids(tx.deployments.queued(PRODUCTION)) == [
            "production-5",
            "production-4",
            "production-3",
            "production-1",
            "production-9",
            "production-10",
        ]


def test_what_is_live(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.deployments.live(PRODUCTION) is None
        add(tx, a_deployment(1))
        tx.deployments.set_live(PRODUCTION, "production-1")
    with store.transaction() as tx:
        assert tx.deployments.live(PRODUCTION) == a_deployment(1)
        assert tx.deployments.live(STAGING) is None
        tx.deployments.set_live(PRODUCTION, None)
        assert tx.deployments.live(PRODUCTION) is None


def test_the_recent_ones_newest_first(store: SqlStore) -> None:
    with store.transaction() as tx:
        add(tx, a_deployment(1), a_deployment(2), replace(a_deployment(3), id="staging-1", environment=STAGING))
    with store.reading() as tx:
        assert ids(tx.deployments.recent()) == ["staging-1", "production-2", "production-1"]
        assert ids(tx.deployments.recent(limit=1)) == ["staging-1"]
        assert ids(tx.deployments.recent(PRODUCTION)) == ["production-2", "production-1"]


def test_the_deployments_of_a_release(store: SqlStore) -> None:
    with store.transaction() as tx:
        add(tx, succeeded(1, "v1.0.0"), succeeded(2, "v1.1.0"), succeeded(3, "v1.0.0", kind=DeploymentKind.ROLLBACK))
    with store.reading() as tx:
        assert ids(tx.deployments.of_release("v1.0.0")) == ["production-3", "production-1"]


def test_the_deployments_of_a_change_and_the_rollbacks_of_a_deployment(store: SqlStore) -> None:
    with store.transaction() as tx:
        add(tx, replace(a_deployment(1), change=7), replace(a_deployment(2), change=8, undoes="production-1"))
        add(tx, replace(a_deployment(3), change=7, undoes="production-1"))
    with store.reading() as tx:
        assert ids(tx.deployments.of_change(7)) == ["production-3", "production-1"]
        assert ids(tx.deployments.undoing("production-1")) == ["production-3", "production-2"]
        assert ids(tx.deployments.of_change(9)) == ids(tx.deployments.undoing("production-3")) == []


def test_the_logs_that_are_due_to_be_looked_at(store: SqlStore) -> None:
    due = {1: nouns.later(9), 2: nouns.later(5), 3: None}
    with store.transaction() as tx:
        add(tx, *(succeeded(number, "v1.0.0", logs_due_at=at) for number, at in due.items()))
    with store.reading() as tx:
        assert ids(tx.deployments.logs_due(nouns.later(4))) == []
        assert ids(tx.deployments.logs_due(nouns.later(9))) == ["production-2", "production-1"]


def test_the_last_verified_release(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.deployments.last_verified_release() is None
        add(
            tx,
            succeeded(1, "v1.0.0"),
            succeeded(2, "v1.1.0"),
            replace(succeeded(3, "v1.9.0"), id="staging-3", environment=STAGING),
            succeeded(4, None),
            replace(succeeded(5, "v1.2.0"), state=DeploymentState.FAILED),
            a_deployment(6, release="v1.3.0", state=DeploymentState.RUNNING),
        )
    with store.reading() as tx:
        last = tx.deployments.last_verified_release
        assert last() == succeeded(2, "v1.1.0")
        assert last(before="v1.2.0") == succeeded(2, "v1.1.0")
        assert last(before="v1.1.0") == succeeded(1, "v1.0.0")


def test_the_last_is_what_succeeded_last_not_what_was_asked_for_last(store: SqlStore) -> None:
    with store.transaction() as tx:
        waited = replace(succeeded(1, "v1.1.0"), ended_at=nouns.later(9))
        add(tx, waited, succeeded(2, "v1.0.0", kind=DeploymentKind.ROLLBACK))
        assert tx.deployments.last_verified_release() == waited


@pytest.mark.parametrize("same", ["tag", "tree"])
def test_a_release_in_quarantine_is_not_gone_back_to(store: SqlStore, same: str) -> None:
    good, bad = succeeded(1, "v1.0.0"), succeeded(2, "v1.1.0")
    tag, tree = (bad.release, "0" * 40) if same == "tag" else ("v1.1.1", bad.revision.tree)
    with store.transaction() as tx:
        add(tx, good, bad)
        tx.releases.add_quarantine(Quarantine(str(tag), tree, "login failed", "staging-gate", nouns.AT))
        assert tx.deployments.last_verified_release() == good
        tx.releases.lift_quarantine(str(tag), "grace", "it was the setting", nouns.AT)
        assert tx.deployments.last_verified_release() == bad
