"""Bringing databases back from their backups: the plan for a person, and the word that it was done."""

from staging_gate.domain.actor import Actor
from staging_gate.domain.backup import Backup, RestorePlan, RestoreStep
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.messages import backups as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding, deploying
from staging_gate.runbook.changes import Unknown, Unusable


def plan(ports: Ports, deployment: str | None, by: Actor) -> RestorePlan:
    """The exact commands, from the first to the last; nothing is done. Without a deployment, for the last one in
    production that has a backup.

    Raises Closed, Unknown, Unusable, and Unavailable where the databases' address is not to be had.
    """
    deciding.through(deciding.on_holding(ports, Environment.PRODUCTION, by))
    with ports.store.reading() as tx:
        backups = _kept(tx, deployment)
        broken = _deployment(tx, backups[0].deployment)
        before = tx.deployments.get(broken.previous) if broken.previous else None
        live = tx.deployments.live(broken.environment)
        bad = {quarantine.tag for quarantine in tx.releases.quarantines()}
        held = tuple(hold.id for hold in tx.holds.in_force() if hold.environment == broken.environment)
    stays = before is not None and live is not None and live.revision == before.revision
    restores = tuple(_restore(ports, broken, backup) for backup in backups)
    around = words.Around(broken, before, stays, broken.release in bad, held)
    steps = (*words.before_restoring(around), *restores, *words.after_restoring(around))
    release = before.release or before.revision.short if before else None
    return RestorePlan(broken.id, release, tuple(backups), steps, words.lost(backups))


def mark_restored(ports: Ports, deployment: str, reason: str, by: Actor) -> None:
    """A person has brought the databases back: from now on they have the migrations that were there before
    `deployment`. Raises Closed, Unknown, Unusable."""
    if not reason.strip():
        raise Unusable('A reason is needed: --reason "...". It goes on the record.')
    deciding.through(deciding.on_holding(ports, Environment.PRODUCTION, by))
    with ports.store.transaction() as tx:
        backups = _kept(tx, deployment)
        broken = _deployment(tx, deployment)
        if broken.previous:
            tx.deployments.set_migrated(broken.environment, broken.previous)
        services = [one.service for one in backups]
        tx.audit(by, "restored the databases", deployment, reason, services=services)


def _kept(tx: Transaction, deployment: str | None) -> list[Backup]:
    kept = tx.backups.kept()
    if deployment is None:
        last = next((one.deployment for one in kept if one.deployment.startswith(Environment.PRODUCTION)), None)
        if last is None:
            raise Unusable(words.no_backup_at_all())
        deployment = last
    found = [one for one in kept if one.deployment == deployment]
    if not found:
        _deployment(tx, deployment)
        raise Unusable(words.no_backups(deployment))
    return found


def _deployment(tx: Transaction, id: str) -> Deployment:
    found = tx.deployments.get(id)
    if found is None:
        raise Unknown(f"There is no deployment {id}. `gate backups list` shows those that have a backup.")
    return found


def _restore(ports: Ports, broken: Deployment, backup: Backup) -> RestoreStep:
    order = deploying.order_of(ports, broken, backup.service)
    target = deploying.target_of(ports, order)
    if (backup.service, backup.deployment) not in target.backups_there():
        raise Unusable(words.file_is_gone(backup))
    return RestoreStep(words.restore(backup), target.restoring(order, backup))
