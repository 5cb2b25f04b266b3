"""What becomes the next release does not move: from the cut-off, or from the first approval of a release if that is
earlier, merges to staging wait until it is verified, withdrawn or has failed."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.calendar import Calendar, last_cutoff, next_opening, open_until, spoken
from staging_gate.domain.change import Change
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts, UnderWay
from staging_gate.domain.gate.rules.approvals import why_not
from staging_gate.domain.gate.rules.merge_method import BACK_MERGE
from staging_gate.domain.policy import Policy

BYPASS = ("tech_lead",)


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    if policy is None or change is None or change.target != policy.staging.branch or _passes(policy, change):
        return None
    fixed = next((each for each in facts.under_way if _is_fixed(policy, each, at)), None)
    if fixed is not None:
        return _waits_for(fixed.release.tag, change)
    return _after_cutoff(policy.calendar, facts, change, at)


def _passes(policy: Policy, change: Change) -> bool:
    """Hotfixes, and what brings them back to staging, conflicts solved or without."""
    back = change.source == policy.production.branch or change.source.startswith(BACK_MERGE)
    return change.is_hotfix or back


def _is_fixed(policy: Policy, under_way: UnderWay, at: datetime) -> bool:
    """It is merged, or somebody has said a yes to it that counts."""
    change = under_way.change
    if change is None or not change.is_open:
        return True
    return any(why_not(given, change, policy, at) is None for given in under_way.approvals)


def _waits_for(tag: str, change: Change) -> Reason:
    return Reason(
        "release_in_preparation",
        f"{tag} is being prepared: what was approved does not move, so merges to {change.target} wait.",
        f"It opens when {tag} is verified in production, or with `gate release withdraw {tag}`. {_meanwhile(change)}",
        bypass=BYPASS,
    )


def _after_cutoff(calendar: Calendar, facts: Facts, change: Change, at: datetime) -> Reason | None:
    """The cut-off before the coming window holds until that is over, or the release that goes then has ended."""
    cutoff = last_cutoff(calendar, at)
    if cutoff is None or (facts.release_ended_at is not None and facts.release_ended_at >= cutoff):
        return None
    until = _end_of_window(calendar, cutoff)
    if until is None or at >= until:
        return None
    zone = calendar.time_zone
    return Reason(
        "release_in_preparation",
        f"The cut-off was on {spoken(cutoff, zone)}: what is in {change.target} becomes the next release, so merges "
        "to it wait.",
        f"It opens on {spoken(until, zone)}, when production's window is over, or as soon as a release is verified or "
        f"withdrawn. {_meanwhile(change)}",
        until=until,
        bypass=BYPASS,
    )


def _end_of_window(calendar: Calendar, cutoff: datetime) -> datetime | None:
    """When the window ends that a cut-off belongs to; None where another cut-off comes before it, or there is none."""
    production = Environment.PRODUCTION
    opens = next_opening(calendar, production, cutoff) if calendar.production_windows else None
    if opens is None or last_cutoff(calendar, opens) != cutoff:
        return None
    return open_until(calendar, production, opens)


def _meanwhile(change: Change) -> str:
    return f"`gate change merge {change.number} --when-ready` merges it then by itself; hotfixes pass."
