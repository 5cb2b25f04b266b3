"""A large hotfix is one that nobody has understood. Said before, never refused."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Caution
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def caution(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Caution | None:
    if policy is None or facts.hotfix is None:
        return None
    size, rules = facts.hotfix.size, policy.hotfix
    said = []
    if size.files > rules.files:
        said.append(f"it changes {size.files} files, more than {rules.files}")
    if size.lines > rules.lines:
        said.append(f"it has {size.lines} changed lines, more than {rules.lines}")
    if size.migrations:
        said.append("it migrates the database")
    if not said:
        return None
    return Caution(
        "large_hotfix",
        f"This hotfix is not small: {', and '.join(said)}.",
        "Fix only what is urgent, and leave the rest to a regular release. What is large says hotfix in gate.yaml.",
        size.migrations,
    )
