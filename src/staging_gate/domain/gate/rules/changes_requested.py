"""Somebody who may review asked for changes at the code host, and has not said otherwise since."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.pull_request import Opinion, Word

MAY_BYPASS = ("tech_lead",)


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change, heard = facts.change, facts.pull_request
    if policy is None or change is None or heard is None:
        return None
    asking = [one for one in heard.pull.opinions or () if _stands(policy, facts, one)]
    if not asking:
        return None
    names = ", ".join(policy.person(one.person) for one in asking)
    return Reason(
        "changes_requested",
        f"Changes were requested at the code host, by {names}.",
        f"{names} looks again and approves, or somebody dismisses the review there.",
        tuple(one.address or f"{one.person}: {one.word}" for one in asking),
        bypass=MAY_BYPASS,
    )


def _stands(policy: Policy, facts: Facts, opinion: Opinion) -> bool:
    """Whoever has approved here since then has changed their mind."""
    who = policy.person(opinion.person)
    if opinion.word is not Word.CHANGES_REQUESTED or not opinion.is_person or who not in policy.people:
        return False
    later = [a for a in facts.approvals if a.by == who and a.withdrawn_at is None and not a.source]
    return not any(opinion.at is None or approval.at > opinion.at for approval in later)
