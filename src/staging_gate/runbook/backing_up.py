"""Backups before migrations: the step that makes one, and the ticks that remove old ones."""

import logging
from dataclasses import replace

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.backup import Backup, due
from staging_gate.messages import backups as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Stale, Transaction
from staging_gate.runbook import deploying
from staging_gate.runbook.asking import surely
from staging_gate.runbook.policy import needed_policy

log = logging.getLogger(__name__)


def back_up(ports: Ports, id: str, service: str) -> str:
    """Copy the database of a service before its migrations are run; what it was and until when it is kept.

    Raises Unavailable where that can not be done: then nothing was touched.
    """
    current = deploying.unless_cancelled(ports, id)
    rules = needed_policy(ports).lane(current.environment).backup
    if rules is None or rules.none_because:
        return words.none_by_policy(rules.none_because) if rules else words.NOTHING_NEW
    order = deploying.order_of(ports, current, service)
    target = deploying.target_of(ports, order)
    ref, stop = f"{id}/backup-{service}", deploying.cancelled(ports, id)
    made = surely(target.back_up, order, ref, ports.clock.now(), rules.within, stop)
    if made is None:
        return words.NOTHING_NEW
    with ports.store.transaction() as tx:
        return words.made(_remembered(tx, replace(made, remove_at=made.at + rules.keep)))


def remove_old_ones(ports: Ports) -> None:
    """Those whose time is over; the last good one of each service stays."""
    now = ports.clock.now()
    with ports.store.reading() as tx:
        old = due(tx.backups.kept(), now)
    for backup in old:
        _remove(ports, backup)


def remove_what_nobody_remembers(ports: Ports) -> None:
    """Files that no record knows: we were killed between the two, and their deployment did not go on.

    Those of deployments that we do not know stay: then it is our own record that went back in time.
    """
    for target in ports.targets.values():
        there = target.backups_there()
        with ports.store.reading() as tx:
            known = {(one.service, one.deployment) for one in tx.backups.kept()}
            lost = [key for key in there if key not in known and _has_ended(tx, key[1])]
        for service, deployment in lost:
            log.warning("removing a backup of %s that no record knows: %s", service, deployment)
            target.drop_backup(service, deployment)


def _remembered(tx: Transaction, made: Backup) -> Backup:
    known = next((one for one in tx.backups.of(made.deployment) if one.service == made.service), None)
    if known is not None:
        return known  # we were killed after this commit
    tx.backups.add(made)
    facts = {"file": made.file, "sha256": made.sha256, "rows": made.rows, "proof": str(made.proof)}
    tx.audit(SYSTEM, f"backed up the database of {made.service}", made.deployment, words.made(made), **facts)
    return made


def _remove(ports: Ports, backup: Backup) -> None:
    """First it counts no more; a file that is left then is found as one that nobody remembers."""
    try:
        with ports.store.transaction() as tx:
            tx.backups.remove(backup, tx.at)
            said = words.removed(backup)
            tx.audit(SYSTEM, f"removed the backup of {backup.service}", backup.deployment, said, file=backup.file)
    except Stale:
        return  # another tick was first
    for target in ports.targets.values():
        target.drop_backup(backup.service, backup.deployment)


def _has_ended(tx: Transaction, deployment: str) -> bool:
    found = tx.deployments.get(deployment)
    return found is not None and found.state.ended
