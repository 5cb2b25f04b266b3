"""Hotfixes on their way: what they are, what they still wait for, and what has to come back to staging."""

from dataclasses import dataclass

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.gate import Caution
from staging_gate.domain.hotfix import HotfixSize
from staging_gate.ports import Ports
from staging_gate.runbook import deciding, hotfix_facts
from staging_gate.runbook.policy import policy_in_force


@dataclass(frozen=True)
class ShownHotfix:
    """`proof` is the deployment that tries it in staging, None before there is one. `waits_for` says what the gate
    still asks for; nothing once it can be merged."""

    change: Change
    reason: str
    size: HotfixSize
    warnings: tuple[Caution, ...]
    proof: Deployment | None
    waits_for: tuple[str, ...]


def open_ones(ports: Ports) -> tuple[ShownHotfix, ...]:
    """The oldest first."""
    with ports.store.reading() as tx:
        found = [change for change in tx.changes.open() if change.goes_alone]
    return tuple(shown for change in found if (shown := of_change(ports, change)))


def of_change(ports: Ports, change: Change) -> ShownHotfix | None:
    """None for what is no hotfix."""
    if change.hotfix_reason is None:
        return None
    with ports.store.reading() as tx:
        proof = next((one for one in tx.deployments.of_change(change.number) if one.is_proof), None)
    decision = deciding.on_merging(ports, change, None, SYSTEM) if change.is_open else None
    return ShownHotfix(
        change=change,
        reason=change.hotfix_reason,
        size=hotfix_facts.of_change(ports, change).size if change.is_open else HotfixSize(),
        warnings=decision.warnings if decision else (),
        proof=proof,
        waits_for=tuple(reason.sentence for reason in decision.reasons) if decision else (),
    )


def back_merge(ports: Ports) -> Change | None:
    """The open change that brings main back to staging. Until it is merged no regular release is."""
    policy = policy_in_force(ports)
    if policy is None:
        return None
    with ports.store.reading() as tx:
        return tx.changes.find_open(policy.production.branch, policy.staging.branch)
