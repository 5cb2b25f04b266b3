"""Releases reach production when its windows are open. A hotfix does not wait for them."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.calendar import Calendar, in_window, next_opening, spoken
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy

BYPASS = ("tech_lead",)


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    """What is live there already has no release to judge: to run it again needs no window."""
    if policy is None or facts.release is None or facts.release.hotfix_reason:
        return None
    calendar = policy.calendar
    if in_window(calendar, facts.environment, at):
        return None
    opens = next_opening(calendar, facts.environment, at)
    return Reason(
        "outside_window",
        f"Now, {spoken(at, calendar.time_zone)}, is outside the windows of production.",
        opens_when(calendar, opens),
        tuple(f"window: {window}" for window in calendar.production_windows),
        until=opens,
        bypass=BYPASS,
    )


def opens_when(calendar: Calendar, opens: datetime | None) -> str:
    if opens is None:
        return "It does not open in ten years: change `calendar:` in gate.yaml."
    return (
        f"It opens on {spoken(opens, calendar.time_zone)}: an approved release that waits starts then by itself. "
        "A hotfix with a written reason passes now."
    )
