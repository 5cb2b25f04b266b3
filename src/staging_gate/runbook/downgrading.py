"""The steps by which a rollback brings the databases back, before its traffic moves.

They run the downgrades of the revision that has migrated last, down to what the rollback's own revision ends at. Each
looks first where the database is, so that after a kill nothing is downgraded twice.
"""

from dataclasses import replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import DeploymentState
from staging_gate.messages import deployments as words
from staging_gate.ports import Ports
from staging_gate.ports.errors import Stopped
from staging_gate.runbook import deploying, ways_back
from staging_gate.runbook.asking import surely
from staging_gate.runbook.holds import hold_promotions
from staging_gate.runbook.queue import locked


def stop_promotions(ports: Ports, id: str) -> str:
    """Nothing is promoted on top of a database that is on its way back, and from here on nobody can cancel: half way
    back is nowhere."""
    with ports.store.transaction() as tx:
        found = locked(tx, id)
        if found.state is DeploymentState.RUNNING:
            if found.cancel_requested_by is not None:
                raise Stopped(words.cancelled(found.cancel_requested_by))
            tx.deployments.update(replace(found, state=DeploymentState.VERIFYING), found.state)
        if found.retries is None:  # else the first try has held them
            hold_promotions(tx, found.environment, found.why, Actor(found.requested_by))
    return found.database_said


def bring_schema_back(ports: Ports, id: str, service: str, to: str | None = None) -> str:
    """To the migrations of this rollback; else of the deployment `to`, for which it is done. With the tool of the
    revision that brought it where it is: only that one has the downgrades."""
    earlier = deploying.deployment(ports, to or id)
    with ports.store.reading() as tx:
        changed = ways_back.database_of(tx, earlier.environment)
    if changed is None or changed.revision.tree == earlier.revision.tree:
        return "the database is there already"
    newer = next((o for o in deploying.orders(ports, changed) if o.service.name == service), None)
    if newer is None or newer.service.schema is None:
        return f"{words.name(changed)} has not migrated it"
    order = replace(deploying.order_of(ports, earlier, service), deployment=id)
    return surely(deploying.target_of(ports, order).downgrade_schema, order, newer, f"{id}/schema-{service}")


def record(ports: Ports, id: str) -> None:
    """From now on the databases have the migrations of this deployment's revision."""
    with ports.store.transaction() as tx:
        tx.deployments.set_migrated(locked(tx, id).environment, id)
