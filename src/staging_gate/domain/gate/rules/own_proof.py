"""A change must not quietly alter how it is proved."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.gate.rules.approvals import why_not
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if policy is None or change is None or not facts.proof_touched or facts.adds_policy:
        return None
    if any(a.role == "tech_lead" and why_not(a, change, policy, at) is None for a in facts.approvals):
        return None
    return Reason(
        "changes_its_own_proof",
        f"Change {change.number} alters how it is proved or judged, so a tech lead has to agree.",
        f"A tech lead other than the author approves it: `gate approve {change.number} --as tech_lead`.",
        facts.proof_touched,
    )
