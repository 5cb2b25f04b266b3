"""A hotfix needs one approval, by a tech lead or whoever is on call, and never its author's."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.gate.rules.approvals import evidence, why_not
from staging_gate.domain.gate.rules.opinions import not_counted
from staging_gate.domain.hotfix import ROLES
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if policy is None or change is None or not change.goes_alone:
        return None
    if any(a.role in ROLES and why_not(a, change, policy, at) is None for a in facts.approvals):
        return None
    authors = (change.author, change.last_pusher)
    who = {role: [name for name in policy.roles.get(role, ()) if name not in authors] for role in ROLES}
    can = [f"{', '.join(names)} (`gate approve {change.number} --as {role}`)" for role, names in who.items() if names]
    return Reason(
        "approvals_missing",
        "A hotfix needs the approval of a tech lead or of whoever is on call; the author's own never counts.",
        f"One of them approves: {'; '.join(can)}." if can else "Have gate.yaml give somebody else one of these roles.",
        tuple(
            evidence(given, change, policy, at)
            if given.role in ROLES
            else f"{given.by} as {given.role}: is not asked for"
            for given in facts.approvals
        )
        + not_counted(policy, change, facts),
    )
