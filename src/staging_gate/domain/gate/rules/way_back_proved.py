"""Production can go back to what it runs now, its database too: tried on clones before anything moves."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Caution, Reason
from staging_gate.domain.gate.facts import Facts, ReleaseFacts
from staging_gate.domain.going_back import lost
from staging_gate.domain.policy import Policy, Requirement
from staging_gate.domain.way_back import WayBackVerdict


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or Requirement.WAY_BACK_PROVED not in policy.production.requires:
        return None
    if release.goes_back_to is None:
        return None  # nothing is in production yet, or nothing that anybody would go back to
    verdict = release.way_back.verdict if release.way_back else WayBackVerdict.UNKNOWN
    if verdict is WayBackVerdict.UNKNOWN:
        return _unproved(release)
    return _irreversible(release) if verdict is WayBackVerdict.IRREVERSIBLE else None


def caution(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Caution | None:
    """Of a way back that costs something."""
    release = facts.release
    way = release.way_back if release else None
    if release is None or way is None or way.verdict is not WayBackVerdict.REVERSIBLE:
        return None
    if not way.losses:
        said = "has to downgrade the database first, and throws nothing away."
        return Caution("way_back_downgrades", f"{_way(release)} {said}", "What it takes is measured when it is proved.")
    return Caution(
        "way_back_loses_data",
        f"{_way(release)} has to downgrade the database first, which throws away: {lost(way)}.",
        "Better in two releases: one that only adds, a later one that removes. A release that fails goes back so by "
        "itself only where gate.yaml says `rollback: {downgrade: always}`.",
        way.evidence,
    )


def _unproved(release: ReleaseFacts) -> Reason:
    tried = release.way_back
    what = "was tried, and is not known" if tried else "is not proved"
    return Reason(
        "way_back_unproved",
        f"{_way(release)} {what}: whether that works on the database as {_name(release)} leaves it.",
        "It is tried by itself once staging has verified this code, and again when production changes. "
        "`gate way-back show` says how far it is, `gate way-back prove` tries it again.",
        tried.evidence if tried else (),
        bypass=("tech_lead",),
    )


def _irreversible(release: ReleaseFacts) -> Reason:
    assert release.way_back is not None
    return Reason(
        "way_back_irreversible",
        f"{_way(release)} is not possible: it does not work on the database as {_name(release)} leaves it, and no "
        "downgrade mends that.",
        "Take the migration apart: a release that only adds what the next one needs, a later one that removes what "
        "nobody uses any more. Or let it be passed once, by name: then only a hotfix or a backup mends a failure.",
        release.way_back.evidence,
        bypass=("tech_lead",),
    )


def _way(release: ReleaseFacts) -> str:
    back = release.goes_back_to
    assert back is not None
    return f"Going back from {_name(release)} to {back.release or back.id}"


def _name(release: ReleaseFacts) -> str:
    return release.tag or release.tree[:10]
