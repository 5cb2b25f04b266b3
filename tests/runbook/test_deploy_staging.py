"""Procedure 1: a feature comes to staging and is proved there."""

from collections.abc import Callable

import pytest

from staging_gate.domain.change import ChangeState
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import actions

STAGING = Environment.STAGING


def test_a_merged_feature_is_deployed_and_proved_by_itself(world: World) -> None:
    change = world.change("feat: dark mode", by="ada")
    world.approve(change, by="ben")
    merged = world.merge(change, by="ben")

    assert merged.state is ChangeState.MERGED
    assert merged.merged == world.revision("staging")
    assert "feature/feat-dark-mode" not in world.code_host.branches()
    [deployment] = world.deployments(STAGING)
    assert deployment.id == "staging-1"
    assert deployment.state is DeploymentState.SUCCEEDED
    assert deployment.why == "change 1 was merged: feat: dark mode"
    assert (deployment.change, deployment.requested_by) == (1, "ben")
    assert world.staging.live() == merged.merged.commit
    assert world.live(STAGING) == deployment


def test_the_timeline_reads_as_the_runbook(world: World) -> None:
    world.ship_to_staging()

    assert world.steps("staging-1") == [
        "check the gate and plan",
        "build api",
        "upgrade the schema of api",
        "start api beside what is live",
        "wait until healthy",
        "smoke test on their own addresses",
        "switch the traffic",
        "smoke test through the public address",
        "let older processes go",
        "record it as verified in staging",
    ]
    assert world.staging.smoke_tests("staging-1") == ["api candidate", "api public"]


def test_what_was_proved_is_the_tree(world: World) -> None:
    change = world.ship_to_staging()

    assert change.merged
    with world.store.reading() as tx:
        proved = tx.deployments.verification(STAGING, change.merged.tree)
    assert proved
    assert proved.deployment == "staging-1"
    assert actions(world, "staging-1") == [
        "deployment requested",
        "deployment started",
        "verified in staging",
        "deployment succeeded",
    ]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("next_build_fails", "The build failed: No module named marketedge"),
        ("next_migration_fails", "The schema could not be upgraded: duplicate column: email"),
    ],
)
def test_what_fails_before_the_switch_leaves_staging_as_it_was(world: World, fault: str, why: str) -> None:
    before = world.ship_to_staging("feat: one")
    getattr(world.staging, fault)()
    world.ship_to_staging("feat: two", tested=False)

    failed = world.deployments(STAGING)[-1]
    assert (failed.state, failed.failure) == (DeploymentState.FAILED, why)
    assert before.merged
    assert world.staging.served() == [before.merged.commit]
    assert world.live(STAGING) == world.deployment("staging-1")
    assert world.staging.running() == [before.merged.commit]


def test_a_process_that_never_becomes_healthy_is_stopped_and_its_last_answer_shown(world: World) -> None:
    before = world.ship_to_staging("feat: one")
    world.staging.next_deploy_answers(500, path="/health")
    world.ship_to_staging("feat: two", tested=False)

    failed = world.deployments(STAGING)[-1]
    assert failed.state is DeploymentState.FAILED
    assert failed.failure == "api was not healthy within 60 s."
    assert failed.evidence == "last answer of GET /health: 500"
    assert before.merged
    assert world.staging.running() == [before.merged.commit]
    assert "discard api" in world.staging.calls("staging-2")


def test_smoke_tests_that_fail_in_public_put_staging_back(world: World) -> None:
    before = world.ship_to_staging("feat: one")
    world.staging.next_smoke_fails("login", where="public")
    bad = world.ship_to_staging("feat: two", tested=False)

    assert before.merged and bad.merged
    assert world.staging.served() == [before.merged.commit, bad.merged.commit, before.merged.commit]
    assert [d.state for d in world.deployments(STAGING)] == [
        DeploymentState.SUCCEEDED,
        DeploymentState.ROLLED_BACK,
        DeploymentState.SUCCEEDED,
    ]
    assert world.live(STAGING) == world.deployment("staging-3")
    with world.store.reading() as tx:
        assert tx.deployments.verification(STAGING, bad.merged.tree) is None
        assert tx.releases.quarantines() == []
        assert tx.holds.in_force() == []


def test_after_a_failure_the_next_merge_is_deployed(world: World) -> None:
    world.staging.next_build_fails()
    world.ship_to_staging("feat: one", tested=False)
    second = world.ship_to_staging("feat: two")

    assert second.merged
    assert [d.state for d in world.deployments(STAGING)] == [DeploymentState.FAILED, DeploymentState.SUCCEEDED]
    assert world.staging.live() == second.merged.commit


def test_two_services_are_brought_up_side_by_side_and_switched_in_order(made: Callable[..., World]) -> None:
    world = made(policy=gate_yaml(services=("api", "web")))
    world.ship_to_staging()

    calls = world.staging.calls("staging-1")
    assert [call for call in calls if call.startswith(("build", "start", "switch"))] == [
        "build api",
        "build web",
        "start api",
        "start web",
        "switch api",
        "switch web",
    ]
    assert "start api and web beside what is live" in world.steps("staging-1")


def test_a_provider_that_is_away_for_a_moment_is_asked_again(world: World) -> None:
    world.away["deploy target"].away_for(3, "start")
    world.ship_to_staging()

    assert world.deployment("staging-1").state is DeploymentState.SUCCEEDED
    assert world.clock.pauses == [1.0, 2.0, 4.0]


def test_a_provider_that_stays_away_is_our_error_and_not_the_releases(world: World) -> None:
    world.away["deploy target"].away_for(5, "start")
    world.ship_to_staging(tested=False)

    ended = world.deployment("staging-1")
    assert (ended.state, ended.failure) == (DeploymentState.ERRORED, "The deploy target does not answer.")


@pytest.mark.parametrize("call", ["build", "upgrade_schema", "start", "wait_until_ready", "switch"])
def test_an_answer_that_was_lost_is_looked_for(world: World, call: str) -> None:
    world.staging.unclear_after(call)
    world.ship_to_staging()

    assert world.deployment("staging-1").state is DeploymentState.SUCCEEDED
    assert len(world.staging.served()) == 1
    assert len(world.staging.running()) == 1
