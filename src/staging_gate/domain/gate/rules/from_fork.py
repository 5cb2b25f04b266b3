"""Code of a fork is nobody's of us: it is shown, and never built, run or merged."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if change is None or not change.is_from_fork:
        return None
    branch = change.source.partition(":")[2]
    return Reason(
        "from_fork",
        f"Change {change.number} comes from a fork ({change.source}): its code is not built, checked or merged here.",
        f"Somebody of us reads it and takes it over on a branch of the repository: `git fetch origin "
        f"pull/{change.number}/head:{branch}`, push that branch, `gate change open {branch} --to {change.target}`.",
    )
