"""A person's stops: holds on an environment, releases in quarantine. Lifting needs a name and a reason."""

from staging_gate.domain.actor import Actor
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Hold, Quarantine
from staging_gate.ports import Ports
from staging_gate.runbook import deciding, releasing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.holds import hold_promotions, quarantine


def hold(ports: Ports, environment: Environment, reason: str, by: Actor) -> Hold:
    _needs(reason)
    deciding.through(deciding.on_holding(ports, environment, by))
    with ports.store.transaction() as tx:
        hold_promotions(tx, environment, reason, by)
        return next(h for h in tx.holds.in_force() if h.environment == environment and h.reason == reason)


def lift_hold(ports: Ports, id: str, reason: str, by: Actor) -> None:
    _needs(reason)
    with ports.store.reading() as tx:
        found = next((h for h in tx.holds.in_force() if h.id == id), None)
        known = ", ".join(h.id for h in tx.holds.in_force()) or "none"
    if found is None:
        raise Unknown(f"There is no hold {id} in force. In force: {known}.")
    deciding.through(deciding.on_lifting(ports, Environment(found.environment), by))
    with ports.store.transaction() as tx:
        tx.holds.lift(id, by.name, reason, tx.at)
        tx.audit(by, "hold lifted", found.environment, reason, hold=id)


def put_in_quarantine(ports: Ports, tag: str, reason: str, by: Actor) -> Quarantine:
    _needs(reason)
    deciding.through(deciding.on_holding(ports, Environment.PRODUCTION, by))
    release = releasing.get(ports, tag)
    if release.revision is None:
        raise Unusable(f"{tag} has no code yet: withdraw it instead (`gate release withdraw {tag}`).")
    with ports.store.transaction() as tx:
        quarantine(tx, tag, release.revision.tree, reason, by)
        return next(q for q in tx.releases.quarantines() if q.tag == tag)


def lift_quarantine(ports: Ports, tag: str, reason: str, by: Actor) -> None:
    _needs(reason)
    deciding.through(deciding.on_lifting(ports, Environment.PRODUCTION, by))
    with ports.store.transaction() as tx:
        if not any(q.tag == tag for q in tx.releases.quarantines()):
            raise Unknown(f"{tag} is not in quarantine.")
        tx.releases.lift_quarantine(tag, by.name, reason, tx.at)
        tx.audit(by, "quarantine lifted", tag, reason)


def _needs(reason: str) -> None:
    if not reason.strip():
        raise Unusable('A reason is needed: --reason "...". It goes on the record.')
