"""Setting what keeps a bad release out, inside a transaction: a hold on promotions, a quarantine. Once is enough."""

import secrets

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Hold, Quarantine
from staging_gate.ports.store import Transaction


def hold_promotions(tx: Transaction, environment: Environment, why: str, by: Actor = SYSTEM) -> None:
    """Nothing is promoted to the environment until a person lifts it; rollbacks are never held."""
    if any(hold.environment == environment and hold.reason == why for hold in tx.holds.in_force()):
        return
    hold = Hold(f"hold-{secrets.token_hex(3)}", environment, why, by.name, tx.at)
    tx.holds.add(hold)
    tx.audit(by, "hold", environment, why, hold=hold.id)


def keep_held(tx: Transaction, environment: Environment, why: str, by: Actor = SYSTEM) -> None:
    """The same, unless something else holds them already."""
    if not any(hold.environment == environment for hold in tx.holds.in_force()):
        hold_promotions(tx, environment, why, by)


def quarantine(tx: Transaction, tag: str, tree: str, why: str, by: Actor = SYSTEM) -> None:
    if any(q.tag == tag for q in tx.releases.quarantines()):
        return
    tx.releases.add_quarantine(Quarantine(tag, tree, why, by.name, tx.at))
    tx.audit(by, "quarantined", tag, why, tree=tree)
