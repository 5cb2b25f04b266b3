"""A release that was bad once is not promoted again, under no name."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if release is None:
        return None
    bad = next((q for q in facts.quarantines if q.tag == release.tag or q.tree == release.tree), None)
    if bad is None:
        return None
    same = "" if bad.tag == release.tag else f" It has the same code as {release.tag}."
    return Reason(
        "quarantined",
        f"{bad.tag} is in quarantine: {bad.reason}.{same}",
        f'Release a fix, or lift it by name: `gate release lift {bad.tag} --reason "..."`.',
        (f"set by {bad.by} at {bad.at:%Y-%m-%d %H:%M} UTC", f"tree {bad.tree[:10]}"),
    )
