"""A deployment with its steps: what the timeline shows."""

from dataclasses import dataclass

from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.timeline import Step
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.queries.backups import ShownBackup, of_deployment
from staging_gate.queries.bypasses import ShownBypass, used_by
from staging_gate.queries.durations import Took, took
from staging_gate.runbook import losing_sight

LOOKED_THROUGH = 200
"""Of so many newest deployments of an environment, the awaited one is found."""


@dataclass(frozen=True)
class Timeline:
    """`steps` in order, the running one last. `took` compares with the runbook's expected durations; `ahead` names what
    a queued one waits for, `silence` says why a running one does not know what its target does."""

    deployment: Deployment
    steps: tuple[Step, ...]
    took: tuple[Took, ...]
    live: bool
    ahead: tuple[str, ...] = ()
    bypasses: tuple[ShownBypass, ...] = ()
    backups: tuple[ShownBackup, ...] = ()
    silence: str | None = None


def timeline(ports: Ports, id: str) -> Timeline | None:
    with ports.store.reading() as tx:
        found = tx.deployments.get(id)
        return _timeline(tx, found) if found else None


def recent(ports: Ports, environment: Environment | None, limit: int) -> list[Deployment]:
    with ports.store.reading() as tx:
        return tx.deployments.recent(environment, limit)


def awaited(ports: Ports, environment: Environment, commit: str | None, release: str | None) -> Deployment | None:
    """The newest deployment of a commit or a release to an environment; of one that was superseded, what came instead.
    None where none has been asked for yet. A rollback to a release is none of it."""
    with ports.store.reading() as tx:
        asked = [one for one in tx.deployments.recent(environment, LOOKED_THROUGH) if one.kind is DeploymentKind.DEPLOY]
    wanted = [one.revision.commit == commit if commit else one.release == release for one in asked]
    if not any(wanted):
        return None
    newest = wanted.index(True)
    lasting = [one for one in asked[: newest + 1] if one.state is not DeploymentState.SUPERSEDED]
    return lasting[-1] if lasting else asked[newest]


def _timeline(tx: Transaction, found: Deployment) -> Timeline:
    runs = tx.runs.about(found.id)
    steps = tuple(step for run in runs for step in tx.runs.steps(run.id))
    live = tx.deployments.live(found.environment)
    given = used_by(tx, found)
    change = tx.changes.get(found.change) if found.change and found.urgent else None
    lasted = tuple(took(found, change.opened_at if change else None))
    copied = of_deployment(tx, found.id)
    is_live = bool(live and live.id == found.id)
    return Timeline(found, steps, lasted, is_live, _ahead(tx, found), given, copied, _silence(tx, found))


def _silence(tx: Transaction, found: Deployment) -> str | None:
    lost = losing_sight.lost_sight(tx, found) if found.state.occupies else None
    return f"{lost.reason} So it is since {lost.at:%H:%M} UTC; it goes on by itself." if lost else None


def _ahead(tx: Transaction, found: Deployment) -> tuple[str, ...]:
    """What a queued deployment waits for, in the order of running."""
    if found.state is not DeploymentState.QUEUED:
        return ()
    occupying = tx.deployments.occupying(found.environment)
    queue = [d.id for d in tx.deployments.queued(found.environment)]
    return tuple([occupying.id] if occupying else []) + tuple(queue[: queue.index(found.id)])
