"""A change that does not merge can not be proved."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
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
        f"Merge {change.target} into {change.source}, solve the conflicts and push.",
        change.preview.conflicts,
    )
