"""Why an approving review at the code host counts for nothing, in a few words. No rule of its own: evidence of one."""

from staging_gate.domain.change import Change
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.pull_request import Opinion, Word


def not_counted(policy: Policy, change: Change, facts: Facts) -> tuple[str, ...]:
    """One line for each that no approval of ours was made of."""
    if facts.pull_request is None:
        return ()
    counted = {approval.by for approval in facts.approvals if approval.source}
    return tuple(
        f"{one.person} approved at the code host: does not count, {_why(policy, change, one)}"
        for one in facts.pull_request.pull.opinions or ()
        if one.word is Word.APPROVED and policy.person(one.person) not in counted
    )


def _why(policy: Policy, change: Change, opinion: Opinion) -> str:
    if not opinion.is_person:
        return "a machine"
    who = policy.person(opinion.person)
    if who not in policy.people:
        return "gate.yaml does not name this account among its people"
    if who in (change.author, change.last_pusher):
        return "by the author"
    if opinion.commit != change.head.commit:
        return "given to other code"
    return "it was not given in a role that is asked for"
