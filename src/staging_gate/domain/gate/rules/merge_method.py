"""How a branch may be merged; a release never by squashing, nor a hotfix or a back-merge."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import MergeMethod, Policy

BACK_MERGE = "back-merge/"
"""Branches on which people solve the conflicts of a back-merge."""


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change, method = facts.change, facts.intent_method
    if policy is None or change is None or method is None:
        return None
    methods = allowed_methods(policy, change)
    if method in methods:
        return None
    allowed = " or ".join(methods)
    return Reason(
        "merge_method",
        f"A change to {change.target} is not merged by {method}: its commits must stay what was proved.",
        f"Merge it with `--method {methods[0]}` (allowed: {allowed}).",
    )


def allowed_methods(policy: Policy, change: Change) -> tuple[MergeMethod, ...]:
    """The usual one first. Squashed, a back-merge would leave staging without the commits of main for good, and main
    would not hold the commit that a hotfix is released from."""
    back = change.source == policy.production.branch or change.source.startswith(BACK_MERGE)
    if change.goes_alone or (back and change.target == policy.staging.branch):
        return (MergeMethod.MERGE,)
    lane = policy.lane_of_branch(change.target)
    return lane.merge if lane else tuple(MergeMethod)
