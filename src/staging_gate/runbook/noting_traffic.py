"""Traffic that people move at a provider by hand: put on the record, once. What it means now is on the board."""

from staging_gate.domain.actor import SYSTEM
from staging_gate.ports import Ports
from staging_gate.runbook import reconcile

MOVED = "traffic moved behind our back"


def note(ports: Ports) -> None:
    """To be called when a provider has told us something: to look on and on would use up what it lets us ask."""
    for difference in reconcile.traffic(ports):
        if difference.stranger:
            with ports.store.transaction() as tx:
                noted = [entry.reason for entry in tx.audit_log.about(difference.subject) if entry.action == MOVED]
                if noted[-1:] != [difference.what]:
                    tx.audit(SYSTEM, MOVED, difference.subject, difference.what)
