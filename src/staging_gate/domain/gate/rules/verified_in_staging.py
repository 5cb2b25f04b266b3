"""Production runs only what staging has proved: the same tree."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy, Requirement


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or Requirement.VERIFIED_IN_STAGING not in policy.production.requires:
        return None
    if release.verified is not None:
        return None
    return Reason(
        "not_verified_in_staging",
        f"This code was not verified in staging: no deployment there proved the tree {release.tree[:10]}.",
        _opens_when(facts),
        (f"tree {release.tree}",),
        bypass=("tech_lead",),
    )


def _opens_when(facts: Facts) -> str:
    change = facts.change
    if change is not None and change.goes_alone:
        return (
            "It is tried there by itself once its checks have passed and it is approved; once more: "
            f"`gate hotfix prove {change.number}`."
        )
    return "Wait for staging's deployment to be verified, or deploy it there: `gate status` shows what staging runs."
