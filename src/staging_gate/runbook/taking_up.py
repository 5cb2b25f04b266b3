"""Merges that an outage of the code host interrupted go on by themselves once it is back."""

from datetime import timedelta

from staging_gate.domain.actor import Actor
from staging_gate.domain.audit import AuditEntry
from staging_gate.domain.change import Change
from staging_gate.domain.environment import Environment
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import changes, merging
from staging_gate.runbook.following_pull_requests import AT_THE_HOST
from staging_gate.runbook.queue import MERGE_CHANGE

TAKEN_UP_WITHIN = timedelta(hours=4)
"""Counted from when somebody asked for the merge. Later nobody expects it any more: it is asked for again."""

TAKEN_UP = "merge taken up"


def take_up_merges(ports: Ports) -> None:
    """The gate decides once more, and merging looks first whether it was merged after all."""
    with ports.store.reading() as tx:
        interrupted = [one for one in tx.changes.open() if one.is_being_merged and _interruption(tx, one)]
    for change in interrupted:
        base = ports.code_host.revision(change.target)
        if ports.code_host.outdated():
            return
        unmoved = base and change.preview and base.commit == change.preview.base
        if unmoved and _is_late(ports, change):
            merging.give_up(ports, change, "The code host was away for too long: whoever wants it asks again.")
        else:
            _take_up(ports, change)


def _is_late(ports: Ports, change: Change) -> bool:
    assert change.merge_requested_at
    return ports.clock.now() >= change.merge_requested_at + TAKEN_UP_WITHIN


def _take_up(ports: Ports, change: Change) -> None:
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.STAGING)
        interruption = _interruption(tx, change)
        if interruption is None:
            return  # another process was first, or somebody has asked again
        tx.audit(Actor(change.merged_by or ""), TAKEN_UP, changes.subject_of(change), "The code host is back.")
        tx.start(MERGE_CHANGE, str(change.number), key=f"merge-{change.number}-again-{interruption.seq}")


def _interruption(tx: Transaction, change: Change) -> AuditEntry | None:
    """None where the merge goes on already."""
    kinds = ("merge asked for", AT_THE_HOST, merging.INTERRUPTED, TAKEN_UP)
    known = [entry for entry in tx.audit_log.about(changes.subject_of(change)) if entry.action in kinds]
    return known[-1] if known and known[-1].action == merging.INTERRUPTED else None
