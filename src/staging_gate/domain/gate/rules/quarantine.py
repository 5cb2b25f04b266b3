"""A release that was bad once is not promoted again, under no name, and not deployed again where it is live."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    tag, tree = _promoted(facts)
    bad = next((q for q in facts.quarantines if q.tag == tag or q.tree == tree), None)
    if bad is None:
        return None
    same = "" if bad.tag == tag else f" It has the same code as {tag}." if tag else " This is the same code."
    instead = "Go back: `gate rollback`" if facts.again is not None else "Release a fix"
    return Reason(
        "quarantined",
        f"{bad.tag} is in quarantine: {bad.reason}.{same}",
        f'{instead}, or lift it by name: `gate release lift {bad.tag} --reason "..."`.',
        (f"set by {bad.by} at {bad.at:%Y-%m-%d %H:%M} UTC", f"tree {bad.tree[:10]}"),
    )


def _promoted(facts: Facts) -> tuple[str | None, str | None]:
    """What would go live: a release, or once more what is live already."""
    if facts.again is not None:
        return facts.again.release, facts.again.revision.tree
    return (facts.release.tag, facts.release.tree) if facts.release else (None, None)
