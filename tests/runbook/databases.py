"""Worlds whose releases migrate their databases."""

from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.going_back import Wish
from staging_gate.domain.incident import Incident
from staging_gate.domain.way_back import Loss
from staging_gate.testing.world import World

PRODUCTION = Environment.PRODUCTION
SUCCEEDED, FAILED = DeploymentState.SUCCEEDED, DeploymentState.FAILED
NOTE = Loss("column orders.note", 12)
SWITCH_ONLY, ACCEPTS = Wish(switch_only=True), Wish(accept_data_loss=True)
LOST = "column orders.note (12 rows of the clone)"


def migrates(number: int) -> dict[str, str]:
    return {
        "alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n",
        f"migrations/versions/{number:04}_next.py": f"revision = '{number}'\n",
    }


def live_after(world: World, verdict: str | None, *losses: Loss) -> None:
    """v1.1.0 is in production and has migrated its database; of the way back to v1.0.0 is known that, or nothing."""
    world.way_back.next(verdict or "unknown", *losses)
    world.release("v1.1.0", files=migrates(1))
    assert world.production.live() == "v1.1.0"


def fails_after(world: World, verdict: str | None, *losses: Loss) -> Deployment:
    """v1.1.0 was switched to and does not pass; how that deployment ended."""
    world.way_back.next(verdict or "unknown", *losses)
    world.ship_to_staging("feat: notes", migrates(1))
    world.prepare_release("v1.1.0")
    world.production.next_smoke_fails("login", where="public")
    return world.publish("v1.1.0")


def schema(world: World, service: str = "api") -> str:
    """The release whose migrations production's database has."""
    tree = world.target.known.schemas[PRODUCTION, service]
    return next(d.release or d.id for d in world.deployments(PRODUCTION) if d.revision.tree == tree)


def migrated(world: World) -> str | None:
    with world.store.reading() as tx:
        found = tx.deployments.migrated(PRODUCTION)
    return found.release if found else None


def holds(world: World) -> list[str]:
    with world.store.reading() as tx:
        return [hold.reason for hold in tx.holds.in_force()]


def incidents(world: World) -> list[Incident]:
    with world.store.reading() as tx:
        return tx.incidents.open()
