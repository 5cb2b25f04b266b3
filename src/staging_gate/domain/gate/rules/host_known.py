"""Nothing is merged on old or missing news of what the code host says of the change."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.pull_request import PullState


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change, heard = facts.change, facts.pull_request
    if change is None or not facts.connected or not change.is_open or change.is_from_fork:
        return None
    if heard is None or heard.pull.opinions is None or heard.pull.checks is None:
        return Reason(
            "host_unknown",
            f"What the code host says of pull request {change.number} is not known yet.",
            "It is read again by itself; `gate doctor` tells whether the code host answers.",
        )
    if heard.pull.state is PullState.MERGED:
        return Reason(
            "host_unknown",
            f"The code host says that pull request {change.number} is merged, and not which commit that made.",
            f"It is read again by itself; until then look at {change.target} there.",
        )
    if heard.pull.head != change.head.commit:
        return Reason(
            "host_unknown",
            f"Pull request {change.number} is at {heard.pull.head[:10]} at the code host, and {change.source} at "
            f"{change.head.short}: one of them is not known yet.",
            "It is read again by itself within seconds.",
        )
    return None
