"""Deploying again what an environment ought to run."""

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Quarantine, ReleaseState
from staging_gate.runbook import releasing
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.holding import hold, lift_hold, lift_quarantine
from staging_gate.runbook.redeploying import redeploy
from staging_gate.testing.world import World
from tests.runbook.stories import closed

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION


def again(world: World, environment: Environment, by: str = "dora") -> None:
    redeploy(world.ports, environment, world.person(by))
    world.settle()


def test_staging_gets_the_head_of_its_branch(world: World) -> None:
    again(world, STAGING, by="ada")

    [deployment] = world.deployments(STAGING)
    assert deployment.state is DeploymentState.SUCCEEDED
    assert deployment.why == "ada asked for it again"
    assert deployment.revision == world.revision("staging")


def test_production_gets_the_release_that_is_live(released: World) -> None:
    again(released, PRODUCTION)

    assert released.deployment("production-2").release == "v1.0.0"
    assert released.deployment("production-2").state is DeploymentState.SUCCEEDED
    assert released.production.served() == ["v1.0.0", "v1.0.0"]


def test_what_is_live_is_deployed_again_under_a_hold_and_after_a_rollback(released: World) -> None:
    """It promotes nothing."""
    released.release("v1.1.0")
    released.roll_back("v1.0.0")
    again(released, PRODUCTION)

    assert released.deployments(PRODUCTION)[-1].state is DeploymentState.SUCCEEDED
    assert released.production.live() == "v1.0.0"


def test_a_proved_release_that_fails_when_deployed_again_is_not_condemned(released: World) -> None:
    released.production.next_smoke_fails(where="public")
    again(released, PRODUCTION)

    assert released.deployment("production-2").state is DeploymentState.ROLLED_BACK
    assert releasing.get(released.ports, "v1.0.0").state is ReleaseState.VERIFIED
    with released.store.reading() as tx:
        assert tx.releases.quarantines() == []


def test_a_published_release_that_a_hold_kept_out_gets_there_once_it_is_lifted(released: World) -> None:
    released.ship_to_staging("feat: two")
    released.prepare_release("v1.1.0")
    held = []
    released.away["code host"].just_before(
        "create_tag", lambda: held.append(hold(released.ports, PRODUCTION, "not now", released.person("dora")))
    )
    assert released.publish("v1.1.0").state is DeploymentState.ABORTED
    assert closed(lambda: again(released, PRODUCTION)) == ("hold",)
    lift_hold(released.ports, held[0].id, "now", released.person("dora"))
    again(released, PRODUCTION)

    assert released.production.live() == "v1.1.0"


def test_a_failed_release_gets_another_chance_once_its_quarantine_is_lifted(released: World) -> None:
    """Its secret was wrong, not its code."""
    dora = released.person("dora")
    released.production.next_smoke_fails(where="candidate")
    released.release("v1.1.0")
    lift_quarantine(released.ports, "v1.1.0", "the secret is right now", dora)
    again(released, PRODUCTION)

    assert released.production.live() == "v1.1.0"
    assert releasing.get(released.ports, "v1.1.0").state is ReleaseState.VERIFIED


def test_what_failed_before_a_newer_one_was_proved_stays_where_it_is(released: World) -> None:
    released.production.next_smoke_fails(where="candidate")
    released.release("v1.1.0")
    released.release("v1.2.0")
    lift_quarantine(released.ports, "v1.1.0", "the secret is right now", released.person("dora"))
    again(released, PRODUCTION)

    assert released.deployments(PRODUCTION)[-1].release == "v1.2.0"


def test_what_has_the_code_of_a_release_in_quarantine_is_not_what_is_deployed(released: World) -> None:
    world, dora = released, released.person("dora")
    world.production.next_build_fails()
    tree = world.release("v1.1.0").revision.tree
    lift_quarantine(world.ports, "v1.1.0", "it was the provider", dora)
    with world.store.transaction() as tx:
        tx.releases.add_quarantine(Quarantine("v1.0.9", tree, "prices are wrong", "dora", tx.at))

    assert redeploy(world.ports, PRODUCTION, dora).release == "v1.0.0"


def test_what_is_on_its_way_is_not_sent_twice(released: World) -> None:
    released.ship_to_staging("feat: two")
    released.prepare_release("v1.1.0")
    said = []

    def ask() -> None:
        with pytest.raises(Unusable) as no:
            again_now(released)
        said.append(str(no.value))

    released.away["deploy target"].just_before("switch", ask)
    released.publish("v1.1.0")

    assert said == ["v1.1.0 is on its way already: production-2 is verifying."]


def again_now(world: World) -> None:
    redeploy(world.ports, PRODUCTION, world.person("dora"))


def test_production_is_not_everybodys(released: World) -> None:
    assert closed(lambda: again(released, PRODUCTION, by="ada")) == ("no_right",)


def test_where_nothing_is_live_there_is_nothing_to_deploy_again(world: World) -> None:
    with pytest.raises(Unusable, match="nothing is live and no release is published"):
        again(world, PRODUCTION)
