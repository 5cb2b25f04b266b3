"""Title and notes of a release can be edited until its tag is made, which carries them."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import ReleaseState


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release.release if facts.release else None
    if release is None:
        return None
    if release.is_being_published:
        what = f"{release.published_by} is publishing {release.tag} at this moment: its notes go into the tag."
    elif release.is_tagged:
        what = f"{release.tag} is {release.state}: a release is never edited once its tag is made."
    elif release.state is ReleaseState.WITHDRAWN:
        what = f"{release.tag} was withdrawn: there is nothing to edit."
    else:
        return None
    return Reason(
        "release_not_editable", what, "Say it in the notes of the next release: `gate release open`, then edit that."
    )
