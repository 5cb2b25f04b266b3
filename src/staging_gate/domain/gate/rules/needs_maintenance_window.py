"""What shuts people out of the database for long is done in production while an announced maintenance lasts.

A release with such migrations waits for the next one; a hotfix too, since urgency makes no table smaller: its merge
waits already, because it is released as soon as it is merged. Rollbacks are never asked.
"""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.calendar import Calendar, spoken
from staging_gate.domain.calendar.local_time import day_of
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts, ReleaseFacts
from staging_gate.domain.maintenance import Maintenance, active, next_in_calendar
from staging_gate.domain.migration import Finding
from staging_gate.domain.policy import Policy

BYPASS = ("tech_lead",)
PRODUCTION = Environment.PRODUCTION


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None:
        return None
    calendar = policy.calendar
    heavy = _heavy(release, calendar, at)
    if not heavy or active(facts.maintenances, PRODUCTION, at) is not None:
        return None
    ahead = [each for each in facts.maintenances if each.environment is PRODUCTION and each.ends_at > at]
    until = next_in_calendar(ahead, None if release.hotfix_reason else calendar, PRODUCTION, at)
    return Reason(
        "needs_maintenance_window",
        _sentence(release, heavy),
        _opens_when(calendar, until, bool(ahead)),
        (*(f"{each.place}: {each.what} [{each.code}]" for each in heavy), *(_window(calendar, each) for each in ahead)),
        until=until,
        bypass=BYPASS,
    )


def of_hotfix(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    """For the merge of a hotfix."""
    if facts.change is None or not facts.change.goes_alone:
        return None
    return rule(policy, facts, action, actor, at)


def _heavy(release: ReleaseFacts, calendar: Calendar, at: datetime) -> tuple[Finding, ...]:
    day = day_of(at, calendar.time_zone)
    return tuple(finding for report in release.migrations for finding in report.needs_window(day))


def _sentence(release: ReleaseFacts, heavy: tuple[Finding, ...]) -> str:
    what = "writes a table anew" if heavy[0].code == "table_rewrite" else "closes a table to writers for long"
    more = f" (and {len(heavy) - 1} more like it)" if len(heavy) > 1 else ""
    name = release.tag or "This release"
    return f"{name} {what}{more}: that is done in production in an announced maintenance only."


def _opens_when(calendar: Calendar, until: datetime | None, announced: bool) -> str:
    if until is not None:
        return f"It opens on {spoken(until, calendar.time_zone)}: an approved release that waits starts then by itself."
    how = '`gate maintenance announce "..." --from "thu 12:00" --until 14:00`'
    if announced:
        return f"Production is closed by the calendar in every maintenance that is announced: announce another, {how}."
    return f"Announce one: {how}. An approved release that waits starts in it by itself."


def _window(calendar: Calendar, each: Maintenance) -> str:
    begins, ends = (spoken(moment, calendar.time_zone) for moment in (each.starts_at, each.ends_at))
    return f"maintenance {each.id}: {each.title}, from {begins} until {ends}"
