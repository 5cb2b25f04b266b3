"""From staging to production goes a release: with a version, notes and a tag. A pull request alone is none."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if policy is None or change is None or change.is_release:
        return None
    if (change.source, change.target) != (policy.staging.branch, policy.production.branch):
        return None
    return Reason(
        "no_version",
        f"Change {change.number} goes from {change.source} to {change.target} without a version: it is no release.",
        "`gate release open` makes a release of it, with version and notes.",
    )
