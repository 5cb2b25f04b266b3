"""The deployment of a commit or a release, for who knows no number of it."""

from dataclasses import replace

import pytest

from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.queries.deployments import awaited
from staging_gate.testing.world import World
from tests.domain.nouns import LIVE

OLD, GONE, NEW = "a" * 40, "b" * 40, "c" * 40


def deployment(number: int, commit: str, **more: object) -> Deployment:
    revision = replace(LIVE.revision, commit=commit)
    at_staging = replace(LIVE, id=f"staging-{number}", environment=Environment.STAGING, release=None, previous=None)
    return replace(at_staging, revision=revision, **more)  # type: ignore[arg-type]


@pytest.fixture
def known(world: World) -> World:
    production = replace(LIVE, id="production-1", release="v1.0.0", previous=None)
    back = replace(production, id="production-2", kind=DeploymentKind.ROLLBACK)
    with world.store.transaction() as tx:
        for one in (
            deployment(1, OLD, state=DeploymentState.FAILED),
            deployment(2, OLD),
            deployment(3, GONE, state=DeploymentState.SUPERSEDED),
            deployment(4, NEW, kind=DeploymentKind.PROOF),
            deployment(5, NEW),
            production,
            back,
        ):
            tx.deployments.add(one)
    return world


@pytest.mark.parametrize(("commit", "found"), [(OLD, "staging-2"), (GONE, "staging-5"), (NEW, "staging-5")])
def test_the_newest_of_a_commit_and_what_superseded_it(known: World, commit: str, found: str) -> None:
    one = awaited(known.ports, Environment.STAGING, commit, None)
    assert one is not None and one.id == found


def test_a_rollback_to_a_release_is_not_its_deployment(known: World) -> None:
    one = awaited(known.ports, Environment.PRODUCTION, None, "v1.0.0")
    assert one is not None and one.id == "production-1"
    assert awaited(known.ports, Environment.PRODUCTION, None, "v2.0.0") is None
