"""What goes to production holds what is there already: a release that was overtaken would take a fix back."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.version import parse_tag


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or release.lacks is None:
        return None
    version, last = parse_tag(release.tag), parse_tag(release.lacks)
    if version is None or last is None or version <= last:
        return None  # a version that is not greater is refused for that
    main, staging = policy.production.branch, policy.staging.branch
    return Reason(
        "lacks_last_release",
        f"{release.tag} does not hold {release.lacks}, which was released meanwhile: it would take that back.",
        f"Merge {main} back (`gate change open {main} --to {staging}`), then open the next release from {staging}: "
        "`gate release open`. One that is merged and not published is taken back by `gate release withdraw "
        f"{release.tag}`.",
        (f"{release.tag} is {release.commit[:10]}",),
    )
