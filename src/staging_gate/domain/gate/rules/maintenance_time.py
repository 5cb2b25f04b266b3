"""When a maintenance is announced for: what is said about it, and refuses nothing."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from staging_gate.domain.actor import Actor
from staging_gate.domain.calendar import Calendar, spoken
from staging_gate.domain.calendar.local_time import day_of
from staging_gate.domain.calendar.public_holidays import holidays_on
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate.decision import Action, Caution
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.maintenance import next_in_calendar
from staging_gate.domain.policy import Policy

AVOIDED = (0, 4, 5, 6)
"""Mondays, Fridays and weekends."""


def too_soon(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Caution | None:
    """People are told in time, or it is said that they are not."""
    planned = facts.intent_maintenance
    if policy is None or planned is None or planned.starts_at - at >= policy.calendar.announce_maintenance:
        return None
    wanted, zone = policy.calendar.announce_maintenance, policy.calendar.time_zone
    return Caution(
        "short_notice",
        f"It begins on {spoken(planned.starts_at, zone)}, in less than the {_length(wanted)} by which maintenance is "
        "to be announced ahead.",
        "Tell everybody who uses it now, or put it off. How long ahead: calendar.announce_maintenance in gate.yaml.",
    )


def unfit_day(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Caution | None:
    planned = facts.intent_maintenance
    if policy is None or planned is None:
        return None
    zone = policy.calendar.time_zone
    last = day_of(planned.ends_at - timedelta(seconds=1), zone)
    days = [each for each in _days(day_of(planned.starts_at, zone), last) if _is_unfit(policy.calendar, each)]
    if not days:
        return None
    named = holidays_on(policy.calendar.holidays, days[0])
    return Caution(
        "unfit_day",
        f"{days[0]:%a %Y-%m-%d} is {named or _kind(days[0])}: when something goes wrong, fewer people are there.",
        "Better: Tuesday to Thursday, 10:00-14:00.",
    )


def closed_by_calendar(
    policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime
) -> Caution | None:
    """Its releases would not get through: only a hotfix, or a bypass."""
    planned = facts.intent_maintenance
    if policy is None or planned is None or planned.environment is not Environment.PRODUCTION:
        return None
    if next_in_calendar([planned], policy.calendar, planned.environment, max(at, planned.starts_at)) is not None:
        return None
    return Caution(
        "closed_in_maintenance",
        "Production is closed by the calendar all the while: no release can go in this maintenance.",
        "Lay it into a window of production (`gate calendar` draws them), or let a tech lead bypass the window.",
    )


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _is_unfit(calendar: Calendar, day: date) -> bool:
    return day.weekday() in AVOIDED or bool(holidays_on(calendar.holidays, day))


def _kind(day: date) -> str:
    return "on a weekend" if day.weekday() > 4 else f"a {day:%A}"


def _length(wanted: timedelta) -> str:
    return f"{wanted.days} days" if wanted.days > 1 else f"{wanted.total_seconds() / 3600:g} hours"
