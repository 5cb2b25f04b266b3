"""What the record knows of something that went wrong, for the draft of its report."""

from staging_gate.domain.deployment import Deployment
from staging_gate.domain.incident import Incident
from staging_gate.messages.deployments import failed_in_production
from staging_gate.messages.reports import Story, report
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction


def draft(ports: Ports, subject: str) -> str | None:
    """Markdown about a deployment that was taken back, its rollback (`production-3`) or an incident (`incident 3`);
    None where there is no such thing."""
    with ports.store.reading() as tx:
        incident = _incident(tx, subject)
        named = incident.deployment if incident else subject
        deployment = tx.deployments.get(named) if named else None
        if incident is None and deployment is None:
            return None
        return report(_story(tx, subject, deployment, incident))


def _incident(tx: Transaction, subject: str) -> Incident | None:
    number = subject.removeprefix("incident").strip()
    return tx.incidents.get(int(number)) if number.isdigit() and len(number) < 10 else None


def _story(tx: Transaction, subject: str, deployment: Deployment | None, incident: Incident | None) -> Story:
    broken = deployment
    if deployment is not None and deployment.is_rollback:
        broken = tx.deployments.get(deployment.undoes) if deployment.undoes else None
    back = tuple(reversed(tx.deployments.undoing(broken.id))) if broken else ()
    ids = {one.id for one in (broken, deployment, *back) if one is not None}
    about = [one for one in tx.incidents.recent(500) if one.deployment in ids or one == incident]
    bad = broken.release if broken else None
    held = {one.why for one in back} | {f"{bad} {failed_in_production(broken)}" if broken else ""}
    subjects = [*ids, *([bad] if bad else []), *(f"incident {one.id}" for one in about)]
    entries = {entry.seq: entry for name in subjects for entry in tx.audit_log.about(name)}
    return Story(
        subject=subject,
        broken=broken,
        back=back,
        incidents=tuple(sorted(about, key=lambda one: one.id)),
        quarantines=tuple(q for q in tx.releases.quarantines() if q.tag == bad),
        holds=tuple(hold for hold in tx.holds.in_force() if hold.reason in held),
        followups=tuple(one for id in sorted(ids) for one in tx.followups.about(id)),
        entries=tuple(entries[seq] for seq in sorted(entries)),
    )
