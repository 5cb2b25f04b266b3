"""A change that does not merge can not be proved."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.gate.rules.merge_method import BACK_MERGE
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if change is None or change.preview is None or change.preview.merged is not None:
        return None
    count = len(change.preview.conflicts)
    return Reason(
        "conflict",
        f"{change.source} does not merge into {change.target}: "
        + ("1 file conflicts." if count == 1 else f"{count} files conflict."),
        _way_out(policy, change),
        change.preview.conflicts,
    )


def _way_out(policy: Policy | None, change: Change) -> str:
    if policy is not None and change.source == policy.production.branch:
        own = f"{BACK_MERGE}{change.number}"
        return (
            f"{change.source} itself takes no pushes, so solve it on a branch of its own: `git switch -c {own} "
            f"origin/{change.target}`, `git merge origin/{change.source}`, solve the conflicts, push, and "
            f"`gate change open {own} --to {change.target}`."
        )
    if change.goes_alone:
        return (
            f"{change.target} holds what production does not run yet. Make the fix without touching these lines, or "
            f"release what {change.target} holds first."
        )
    return f"Merge {change.target} into {change.source}, solve the conflicts and push."
