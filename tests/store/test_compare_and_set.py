"""Who comes second is told so, and writes nothing."""

from dataclasses import replace

import pytest

from staging_gate.domain.change import Change, ChangeState, MergePreview
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.incident import Phase
from staging_gate.domain.release import ReleaseState
from staging_gate.ports.store import Stale
from staging_gate.store import SqlStore
from tests.store import nouns

OPEN = replace(nouns.CHANGE, state=ChangeState.OPEN, preview=None, merged=None, merge_requested_at=None)
PREVIEW = MergePreview("b" * 40, OPEN.head.commit, nouns.revision("c"))
QUEUED = replace(nouns.DEPLOYMENT, state=DeploymentState.QUEUED)


def queued(id: str, environment: Environment = Environment.STAGING) -> Deployment:
    return replace(QUEUED, id=id, environment=environment)


MEANWHILE = {
    "pushed": replace(OPEN, head=nouns.revision("e")),
    "closed": replace(OPEN, state=ChangeState.CLOSED),
    "previewed": replace(OPEN, preview=PREVIEW),
    "being merged": replace(OPEN, merge_requested_at=nouns.AT),
}


@pytest.mark.parametrize("first", MEANWHILE.values(), ids=MEANWHILE)
def test_a_change_that_is_not_as_it_was_read(store: SqlStore, first: Change) -> None:
    with store.transaction() as tx:
        tx.changes.add(OPEN)
        tx.changes.update(first, was=OPEN)
    with pytest.raises(Stale, match="Change 7 is not as it was read"), store.transaction() as tx:
        tx.changes.update(replace(OPEN, state=ChangeState.MERGED), was=OPEN)
    with store.reading() as tx:
        assert tx.changes.get(7) == first


def test_a_change_whose_title_was_edited_can_still_be_closed(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.changes.add(OPEN)
        tx.changes.update(replace(OPEN, title="Sell in five markets"), was=OPEN)
        tx.changes.update(replace(OPEN, state=ChangeState.CLOSED), was=OPEN)


def test_a_change_with_another_preview_is_not_as_it_was_read(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.changes.add(replace(OPEN, preview=PREVIEW))
        conflict = replace(OPEN, preview=MergePreview("d" * 40, OPEN.head.commit, None, ("web/app.py",)))
        tx.changes.update(conflict, was=replace(OPEN, preview=PREVIEW))
        with pytest.raises(Stale):
            tx.changes.update(OPEN, was=replace(OPEN, preview=PREVIEW))
        tx.changes.update(OPEN, was=conflict)
        assert tx.changes.get(7) == OPEN


def test_one_change_is_open_per_source_and_target(store: SqlStore) -> None:
    twin = replace(OPEN, number=8)
    with store.transaction() as tx:
        tx.changes.add(OPEN)
        with pytest.raises(Stale, match="A change from feature/markets to staging is open already"):
            tx.changes.add(twin)
        tx.changes.update(replace(OPEN, state=ChangeState.CLOSED), was=OPEN)
        tx.changes.add(twin)
    with store.reading() as tx:
        assert tx.changes.find_open("feature/markets", "staging") == twin


def test_a_release_in_another_state(store: SqlStore) -> None:
    proposed = replace(nouns.RELEASE, state=ReleaseState.PROPOSED)
    with store.transaction() as tx:
        tx.releases.add(proposed)
        tx.releases.update(nouns.RELEASE, was=proposed)
        with pytest.raises(Stale, match="Release v1.4.0 is not proposed any more"):
            tx.releases.update(replace(proposed, state=ReleaseState.WITHDRAWN), was=proposed)
        with pytest.raises(Stale, match="There is a release v1.4.0 already"):
            tx.releases.add(proposed)
        assert tx.releases.all() == [nouns.RELEASE]


def test_an_incident_in_another_phase(store: SqlStore) -> None:
    investigating = replace(nouns.INCIDENT, phase=Phase.INVESTIGATING)
    with store.transaction() as tx:
        tx.incidents.add(investigating)
        tx.incidents.update(nouns.INCIDENT, was=investigating)
        with pytest.raises(Stale, match="Incident 3 is not investigating any more"):
            tx.incidents.update(replace(investigating, resolution="me too"), was=investigating)
        with pytest.raises(Stale, match="There is an incident 3 already"):
            tx.incidents.add(investigating)
        assert tx.incidents.get(3) == nouns.INCIDENT


def test_a_deployment_in_another_state(store: SqlStore) -> None:
    running = replace(queued("staging-1"), state=DeploymentState.RUNNING)
    with store.transaction() as tx:
        tx.deployments.add(queued("staging-1"))
        tx.deployments.update(running, was=DeploymentState.QUEUED)
        with pytest.raises(Stale, match="staging-1 is not queued any more"):
            tx.deployments.update(
                replace(queued("staging-1"), state=DeploymentState.SUPERSEDED), was=DeploymentState.QUEUED
            )
        with pytest.raises(Stale):
            tx.deployments.update(running, was=DeploymentState.QUEUED)
        assert tx.deployments.get("staging-1") == running


@pytest.mark.parametrize("state", [DeploymentState.RUNNING, DeploymentState.VERIFYING])
def test_one_deployment_occupies_an_environment(store: SqlStore, state: DeploymentState) -> None:
    with store.transaction() as tx:
        tx.deployments.add(replace(queued("staging-1"), state=state))
        tx.deployments.add(queued("staging-2"))
        tx.deployments.add(replace(queued("production-1", Environment.PRODUCTION), state=state))
    with store.transaction() as tx:
        second = replace(queued("staging-2"), state=DeploymentState.RUNNING)
        with pytest.raises(Stale, match="staging-2 can not have staging: another deployment runs there"):
            tx.deployments.update(second, was=DeploymentState.QUEUED)
        with pytest.raises(Stale, match="staging-3 can not have staging"):
            tx.deployments.add(replace(second, id="staging-3"))
        tx.holds.add(nouns.HOLD)
    with store.reading() as tx:
        occupying = tx.deployments.occupying(Environment.STAGING)
        assert occupying is not None
        assert occupying.id == "staging-1"
        assert tx.deployments.queued(Environment.STAGING) == [queued("staging-2")]
        assert tx.deployments.get("staging-3") is None


def test_what_is_ended_once_is_not_ended_twice(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.changes.add(OPEN)
        tx.approvals.add(replace(nouns.APPROVAL, withdrawn_at=None))
        tx.approvals.withdraw("approval-1", nouns.later(4))
        with pytest.raises(Stale, match="Approval approval-1 does not stand any more"):
            tx.approvals.withdraw("approval-1", nouns.later(5))
        assert tx.approvals.of_change(7) == [nouns.APPROVAL]

        tx.holds.add(replace(nouns.HOLD, lifted_at=None))
        tx.holds.lift("hold-1", "grace", "understood", nouns.later(5))
        with pytest.raises(Stale, match="Hold hold-1 is not in force"):
            tx.holds.lift("hold-1", "ada", "me too", nouns.later(6))

        tx.releases.add_quarantine(replace(nouns.QUARANTINE, lifted_at=None))
        with pytest.raises(Stale, match=r"v1\.4\.0 is in quarantine already"):
            tx.releases.add_quarantine(replace(nouns.QUARANTINE, lifted_at=None))
        tx.releases.lift_quarantine("v1.4.0", "grace", "the setting was missing", nouns.later(5))
        with pytest.raises(Stale, match=r"v1\.4\.0 is not in quarantine"):
            tx.releases.lift_quarantine("v1.4.0", "ada", "me too", nouns.later(6))

        tx.tokens.add(replace(nouns.TOKEN, revoked_at=None))
        tx.tokens.revoke("token-1", nouns.later(400))
        with pytest.raises(Stale, match="There is no token token-1 that is not revoked"):
            tx.tokens.revoke("token-1", nouns.later(401))
        assert tx.tokens.all() == [nouns.TOKEN]
