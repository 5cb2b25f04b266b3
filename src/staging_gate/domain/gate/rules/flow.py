"""feature -> staging -> main, and hotfix -> main: nothing else."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    if policy is None or facts.source is None or facts.target is None:
        return None
    if facts.source == facts.target:
        return Reason("same_branch", f"A change can not go from {facts.source} to itself.", "Choose another branch.")
    lane = policy.lane_of_branch(facts.target)
    if lane is None:
        return Reason(
            "no_such_lane",
            f"No environment follows the branch {facts.target}.",
            f"Open the change to {policy.staging.branch}; releases go on to {policy.production.branch} from there.",
        )
    if lane is policy.staging or facts.adds_policy:
        return None
    if facts.source == policy.staging.branch or facts.source.startswith("hotfix/"):
        return None
    return Reason(
        "wrong_way",
        f"{facts.target} takes changes only from {policy.staging.branch} or hotfix/*, not from {facts.source}.",
        f"Open the change to {policy.staging.branch}: `gate change open {facts.source} --to {policy.staging.branch}`.",
        (f"{facts.source} -> {facts.target}",),
    )
