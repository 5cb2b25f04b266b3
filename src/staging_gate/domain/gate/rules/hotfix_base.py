"""A hotfix is production's code and the fix: nothing that was not released, and nothing of it left out."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    hotfix = facts.hotfix
    if policy is None or hotfix is None or hotfix.from_live:
        return None
    if hotfix.live is None:
        return Reason(
            "hotfix_not_from_production",
            "Production runs nothing yet, so there is nothing in it to fix.",
            f"The first release goes through {policy.staging.branch}: `gate release open`.",
        )
    source, live = facts.source, hotfix.live
    name = live.release or live.revision.short
    return Reason(
        "hotfix_not_from_production",
        f"{source} does not start from {name}, which production runs: it would bring other code along, or take "
        "some back.",
        f"Where production has moved on, merge that in (`git merge {name}` on {source}) and push. Else start anew, "
        "from what production runs: `gate hotfix start NAME`.",
        (f"production runs {name} ({live.revision.short})",),
    )
