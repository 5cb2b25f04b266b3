"""No regular release over an open critical bug; not knowing is a no."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy, Requirement


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or Requirement.NO_CRITICAL_BUGS not in policy.production.requires:
        return None
    if release.hotfix_reason is not None:
        return None  # it is how a critical bug is mended
    if release.critical_bugs is None:
        return Reason(
            "critical_bugs_unknown",
            "Whether there are critical bugs is unknown: their source can not be read.",
            "Make the source readable again (`gate doctor` says what is wrong).",
            bypass=("tech_lead",),
        )
    if not release.critical_bugs:
        return None
    count = len(release.critical_bugs)
    return Reason(
        "critical_bugs",
        "A critical bug is open." if count == 1 else f"{count} critical bugs are open.",
        'Resolve what is open (`gate incident resolve ID --reason "..."`), or take the release back: '
        "`gate release withdraw`.",
        release.critical_bugs,
        bypass=("tech_lead",),
    )
