"""What staging will run is known before it is merged: it is built, and starts without traffic, while the merge is done.

Nothing depends on it. What was started is taken by the deployment, or let go.
"""

from dataclasses import replace

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.ports import Ports
from staging_gate.ports.code_host import MergeOrder
from staging_gate.runbook import deciding, deploying


def build(ports: Ports, coming: Deployment) -> None:
    """Returns at once."""
    deploying.get_ready(ports, _of_change(coming), start=False)


def foresee(ports: Ports, coming: Deployment, merge: MergeOrder) -> Deployment | None:
    """The deployment that this merge will bring, where its candidates may be started before: None where that is not
    known, where it would have to wait, or where its gate is closed."""
    with ports.store.reading() as tx:
        if tx.deployments.occupying(coming.environment) or tx.deployments.queued(coming.environment):
            return None
    merged = ports.code_host.foresee_merge(merge)
    if merged is None:
        return None
    foreseen = _of_change(replace(coming, revision=merged))
    return foreseen if deciding.on_deploying(ports, foreseen, SYSTEM).open else None


def start(ports: Ports, foreseen: Deployment) -> None:
    """Returns at once."""
    deploying.get_ready(ports, foreseen, start=True)


def let_go(ports: Ports) -> None:
    """Stop what was started and is not awaited: its merge was given up, or its deployment waits or has ended."""
    with ports.store.reading() as tx:
        awaited = {_key(change.number) for change in tx.changes.open() if change.is_being_merged}
        running = tx.deployments.occupying(Environment.STAGING)
        if running and running.change and running.state is DeploymentState.RUNNING:
            awaited.add(_key(running.change))
    for target in ports.targets.values():
        target.let_go(awaited)


def _of_change(coming: Deployment) -> Deployment:
    """Under the name of its change: it has none of its own yet."""
    return replace(coming, id=_key(coming.change or 0))


def _key(change: int) -> str:
    return f"change-{change}"
