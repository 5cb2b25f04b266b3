"""Somebody tried every change in staging."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy, Requirement


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or Requirement.TESTED_BY_A_PERSON not in policy.production.requires:
        return None
    untested = [change for change in release.included if change.number not in release.tested]
    if not untested:
        return None
    first = untested[0].number
    return Reason(
        "not_tested_by_a_person",
        f"Not every change was tried in staging by a person: {len(untested)} of {len(release.included)} "
        + ("is left." if len(untested) == 1 else "are left."),
        f"Try what is left in staging and say so: `gate change tested {first}`.",
        tuple(f"change {change.number}: {change.title}" for change in untested),
        bypass=("tech_lead",),
    )
