"""What is known of a way back: from the migrations of two revisions, else from what was proved on clones."""

from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from staging_gate.domain.revision import Revision
from staging_gate.domain.way_back import WayBack, WayBackVerdict
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook.migrations import migration_set

SAME = "Both have the same migrations, so the database is the same for both."


def between(ports: Ports, tx: Transaction, policy: Policy | None, new: Revision, old: Revision) -> WayBack | None:
    """None where nothing is known. Compatible without a proof where both have the same migrations: whatever was tried,
    on this very schema the old one has run."""
    if new.tree == old.tree or migration_set(ports, policy, new.commit) == migration_set(ports, policy, old.commit):
        return WayBack(new.tree, old.tree, WayBackVerdict.COMPATIBLE, tx.at, "", (SAME,))
    return tx.ways_back.get(new.tree, old.tree)


def database_of(tx: Transaction, environment: Environment = Environment.PRODUCTION) -> Deployment | None:
    """The deployment whose migrations the environment's database has. That may be another one than what is live: the
    traffic can go back alone, and what failed beside it has migrated too."""
    return tx.deployments.migrated(environment) or tx.deployments.live(environment)


def goes_back_to(tx: Transaction, tree: str) -> Deployment | None:
    """What production would go back to if it got this tree now: what is live, unless that is the same, or bad."""
    live = tx.deployments.live(Environment.PRODUCTION)
    if live is None or live.revision.tree == tree:
        return None
    bad = any(live.revision.tree == q.tree or live.release == q.tag for q in tx.releases.quarantines())
    return None if bad else live
