"""A major release surprises nobody: people were told, long enough ahead. Hotfixes are not concerned."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.announcement import notice
from staging_gate.domain.calendar import spoken
from staging_gate.domain.calendar.local_time import midnight
from staging_gate.domain.gate.decision import Action, Caution, Reason
from staging_gate.domain.gate.facts import Facts, ReleaseFacts
from staging_gate.domain.policy import Policy
from staging_gate.domain.version import parse_tag

BYPASS = ("tech_lead",)


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or release.hotfix_reason or not policy.calendar.announce_majors:
        return None
    why = why_major(release)
    if why is None:
        return None
    calendar, told = policy.calendar, notice(release.announced)
    if told is None:
        return _not_announced(release, why, calendar.announce_majors.days)
    until = max(told.since + calendar.announce_majors, midnight(told.planned_for, calendar.time_zone))
    if at >= until:
        return None
    return Reason(
        "not_announced",
        f"{release.tag} was announced for {told.planned_for:%a %Y-%m-%d}: it does not come before "
        f"{spoken(until, calendar.time_zone)}.",
        f"It opens then: `gate release publish {release.tag}` lets it go by itself.",
        (f"{release.tag} is a major release: {why}", f"announced since {spoken(told.since, calendar.time_zone)}"),
        until=until,
        bypass=BYPASS,
    )


def caution(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Caution | None:
    """While its change is open: there is time yet to tell people."""
    reason = rule(policy, facts, action, actor, at)
    return Caution(reason.code, reason.sentence, reason.opens_when, reason.evidence) if reason else None


def why_major(release: ReleaseFacts) -> str | None:
    """What makes it a major release, None where it is none. The first release of all changes nothing for anybody."""
    version, last = parse_tag(release.tag), parse_tag(release.greatest) if release.greatest else None
    if version is None or last is None:
        return None
    if version.major > last.major:
        return f"it comes after {release.greatest}"
    if release.breaking:
        return f"breaking changes: {'; '.join(release.breaking[:5])}"
    return None


def _not_announced(release: ReleaseFacts, why: str, days: int) -> Reason:
    return Reason(
        "not_announced",
        f"{release.tag} is a major release, and nobody was told: majors are announced at least {days} days ahead.",
        f"Tell people: `gate release announce {release.tag} --for DATE`, {days} days ahead or more.",
        (f"{release.tag} is a major release: {why}",),
        bypass=BYPASS,
    )
