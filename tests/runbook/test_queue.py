"""One deployment per environment at a time: production in order, staging without what is outdated."""

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.testing.world import World

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION


def test_older_processes_are_let_go_while_the_environment_is_still_ours(released: World) -> None:
    """Otherwise the candidates of the next deployment, which begins at once, would count as older processes."""
    world = released
    states = []
    world.away["deploy target"].just_before("retire", lambda: states.append(world.deployments(STAGING)[-1].state))
    world.ship_to_staging("feat: one")
    world.away["deploy target"].just_before("retire", lambda: states.append(world.deployments(PRODUCTION)[-1].state))
    world.prepare_release("v1.1.0")
    world.publish("v1.1.0")
    world.away["deploy target"].just_before("retire", lambda: states.append(world.deployments(PRODUCTION)[-1].state))
    world.roll_back("v1.0.0")

    assert states == [DeploymentState.VERIFYING] * 3
