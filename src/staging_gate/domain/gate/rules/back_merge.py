"""main must hold nothing that staging lacks, or the merge is not what staging proved."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if policy is None or change is None or change.source != policy.staging.branch or not facts.main_ahead:
        return None
    main, staging = policy.production.branch, policy.staging.branch
    count = len(facts.main_ahead)
    commits = "1 commit" if count == 1 else f"{count} commits"
    return Reason(
        "back_merge_open",
        f"{main} holds {commits} that {staging} lacks, so merging gives code nobody proved.",
        f"Merge {main} back first: `gate change open {main} --to {staging}`.",
        facts.main_ahead[:20],
    )
