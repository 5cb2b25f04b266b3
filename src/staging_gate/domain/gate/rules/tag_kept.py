"""The tag of a published release stays where it was put: what it names now must be what was proved."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    known = facts.release
    release = known.release if known else None
    if known is None or release is None or release.revision is None or not release.is_tagged:
        return None
    was = release.revision.commit
    mend = (
        f"Find out who did it. An administrator puts the tag back to {was[:10]} in the repository itself, or the code "
        "is released under the next version (`gate release plan`)."
    )
    if known.tag_at is None:
        return Reason("tag_deleted", f"The tag {release.tag} was deleted after it was published.", mend, (was,))
    if known.tag_at != was:
        return Reason(
            "tag_moved",
            f"The tag {release.tag} was moved after it was published: it names other code than was proved.",
            mend,
            (f"published at {was}", f"now at {known.tag_at}"),
        )
    return None
