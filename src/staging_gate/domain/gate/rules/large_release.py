"""A large release is harder to understand, to prove and to take back. Said before, never refused."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Caution
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy


def caution(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Caution | None:
    release = facts.release
    if policy is None or release is None:
        return None
    large, waited = policy.production.large_release, release.waited(at)
    said = []
    if release.commits > large.commits:
        said.append(f"it has {release.commits} commits, more than {large.commits}")
    if waited is not None and waited > large.waited:
        said.append(f"its oldest change has waited for {waited.days} days, more than {large.waited.days}")
    if not said:
        return None
    return Caution(
        "large_release",
        f"{release.tag or 'This release'} is large: {', and '.join(said)}.",
        "Smaller releases are easier to take back: release more often. What is large says "
        "flow.production.large_release in gate.yaml.",
        tuple(f"change {change.number}: {change.title}" for change in release.oldest()[:5]),
    )
