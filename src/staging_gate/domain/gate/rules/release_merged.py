"""A tag is put only on a release change that was merged, and once."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import ReleaseState


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release.release if facts.release else None
    if release is None or release.state is ReleaseState.MERGED:
        return None
    if release.state is ReleaseState.WITHDRAWN:
        return Reason("release_withdrawn", f"{release.tag} was withdrawn.", "Open it anew: `gate release open`.")
    if release.state is ReleaseState.PROPOSED and action is Action.PUBLISH_WHEN_READY:
        return None
    if release.state is ReleaseState.PROPOSED:
        return Reason(
            "release_not_merged",
            f"The change of {release.tag} is not merged yet.",
            f"Merge it first: `gate change merge {release.change}`.",
        )
    return Reason(
        "release_published",
        f"{release.tag} was published already ({release.state}): its tag is never given twice.",
        "To deploy it again: `gate redeploy production`. For other code take the next version: `gate release plan`.",
    )
