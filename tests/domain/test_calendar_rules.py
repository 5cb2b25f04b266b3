"""Windows, freezes and holidays: whom they stop from doing what, and what people are told."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from staging_gate.domain.actor import SYSTEM, Actor, ActorKind
from staging_gate.domain.calendar import Calendar, CronWindow, Freeze, WeeklyWindow
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Decision, Facts, evaluate
from staging_gate.domain.policy import Policy
from staging_gate.messages.decisions import lines
from tests.domain import nouns
from tests.domain.nouns import BACK, BEN, POLICY, PROMOTED, PUBLISHABLE, TESS

local = datetime.fromisoformat
THURSDAYS = Calendar("Europe/London", production_windows=(WeeklyWindow((3,), time(10), time(16)),))
YEAR_END = Freeze(local("2026-12-18"), local("2027-01-05"), "year end")
EVERYWHERE = replace(YEAR_END, environments=(Environment.STAGING, Environment.PRODUCTION))
FROZEN = replace(THURSDAYS, freezes=(YEAR_END,))
NOON = datetime(2026, 12, 24, 12, tzinfo=UTC)  # a Thursday
MERGEABLE, RELEASABLE = (
    replace(facts, approvals=tuple(replace(given, at=NOON) for given in facts.approvals))
    for facts in (nouns.MERGEABLE, nouns.RELEASABLE)
)
HOTFIX = replace(PUBLISHABLE, release=replace(PROMOTED, hotfix_reason="nobody can pay"))
CALENDAR = Actor("calendar", ActorKind.CALENDAR)


def asked(
    calendar: Calendar, action: Action, facts: Facts = PUBLISHABLE, actor: Actor = TESS, at: datetime = NOON
) -> Decision:
    return evaluate(under(calendar), facts, action, actor, at)


def under(calendar: Calendar) -> Policy:
    return replace(POLICY, calendar=calendar)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("action", [Action.PUBLISH, Action.DEPLOY])
def test_a_release_is_published_and_deployed_in_a_window(action: Action) -> None:
    assert asked(THURSDAYS, action).open
    closed = asked(THURSDAYS, action, at=at("2026-12-24 16:00"))
    assert closed.codes == ("outside_window",)
    assert closed.reasons[0].until == at("2026-12-31 10:00")
    assert closed.reasons[0].bypass == ("tech_lead",)


@pytest.mark.parametrize("actor", [TESS, SYSTEM, CALENDAR], ids=lambda actor: actor.kind)
def test_a_freeze_beats_a_window_whoever_asks(actor: Actor) -> None:
    closed = asked(FROZEN, Action.DEPLOY, actor=actor)
    assert closed.codes == ("freeze",)
    assert closed.reasons[0].until == at("2027-01-07 10:00")  # the first window after it
    assert closed.reasons[0].bypass == (() if actor is CALENDAR else ("tech_lead",))


@pytest.mark.parametrize("calendar", [FROZEN, replace(FROZEN, production_windows=(), holidays=("GB",))])
def test_a_rollback_is_never_refused_for_a_calendar_reason(calendar: Calendar) -> None:
    assert asked(calendar, Action.ROLL_BACK, BACK, at=at("2026-12-25 03:00")).open


def test_a_hotfix_with_a_reason_passes_window_and_freeze() -> None:
    for actor in (TESS, SYSTEM):
        assert asked(FROZEN, Action.DEPLOY, HOTFIX, actor, at("2026-12-26 03:00")).open
    assert asked(FROZEN, Action.PUBLISH, HOTFIX, at=at("2026-12-26 03:00")).open


def test_a_hotfix_without_a_reason_does_not() -> None:
    facts = replace(PUBLISHABLE, release=replace(PROMOTED, hotfix_reason=""))
    assert asked(FROZEN, Action.PUBLISH, facts, at=at("2026-12-26 03:00")).codes == ("freeze", "outside_window")


def test_what_the_calendar_starts_never_passes_a_freeze() -> None:
    assert asked(FROZEN, Action.DEPLOY, HOTFIX, CALENDAR).codes == ("freeze",)


def test_merging_a_release_deploys_nothing_and_needs_no_window() -> None:
    for action in (Action.MERGE, Action.PROMOTE):
        assert asked(FROZEN, action, RELEASABLE, at=at("2026-12-26 03:00")).open


def test_what_is_live_already_is_deployed_again_at_any_time() -> None:
    assert asked(FROZEN, Action.DEPLOY, Facts(Environment.PRODUCTION), at=at("2026-12-26 03:00")).open


def test_a_freeze_of_staging_stops_merges_into_it() -> None:
    assert asked(FROZEN, Action.MERGE, MERGEABLE, BEN).open
    closed = asked(replace(FROZEN, freezes=(EVERYWHERE,)), Action.MERGE, MERGEABLE, BEN)
    assert closed.codes == ("freeze",)
    assert closed.reasons[0].until == at("2027-01-05 00:00")  # staging has no windows
    assert asked(replace(FROZEN, freezes=(EVERYWHERE,)), Action.DEPLOY, Facts(Environment.STAGING), BEN).open


def test_holidays_close_production_and_not_staging() -> None:
    calendar = replace(THURSDAYS, holidays=("GB",), production_windows=())
    assert asked(calendar, Action.PUBLISH, at=at("2026-12-25 12:00")).codes == ("holiday",)
    assert asked(calendar, Action.MERGE, MERGEABLE, BEN, at("2026-12-25 12:00")).open


def test_without_a_calendar_it_is_always_open() -> None:
    assert asked(Calendar(), Action.PUBLISH, at=at("2026-12-25 03:00")).open


TOLD = {
    "outside the windows, in winter": (THURSDAYS, Action.PUBLISH, PUBLISHABLE, "2026-12-26 03:00"),
    "outside the windows, in summer": (THURSDAYS, Action.PUBLISH, PUBLISHABLE, "2026-07-03 03:00"),
    "outside the windows, a day ahead": (
        replace(THURSDAYS, zone="Pacific/Auckland"),
        Action.PUBLISH,
        PUBLISHABLE,
        "2026-07-03 03:00",
    ),
    "in UTC": (replace(THURSDAYS, zone="UTC"), Action.PUBLISH, PUBLISHABLE, "2026-12-26 03:00"),
    "in a freeze": (FROZEN, Action.DEPLOY, PUBLISHABLE, "2026-12-24 12:00"),
    "in a freeze, on a holiday, outside the windows": (
        replace(FROZEN, holidays=("GB",)),
        Action.DEPLOY,
        PUBLISHABLE,
        "2026-12-25 12:00",
    ),
    "on a holiday": (replace(THURSDAYS, holidays=("GB",)), Action.PUBLISH, PUBLISHABLE, "2026-12-25 12:00"),
    "in a freeze of staging": (replace(THURSDAYS, freezes=(EVERYWHERE,)), Action.MERGE, MERGEABLE, "2026-12-24 12:00"),
    "windows that only open on a holiday": (
        Calendar(production_windows=(CronWindow("0 10 25 12 *", timedelta(hours=6)),), holidays=("GB",)),
        Action.PUBLISH,
        PUBLISHABLE,
        "2026-12-24 12:00",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_people_are_told(name: str, snapshot: SnapshotAssertion) -> None:
    calendar, action, facts, now = TOLD[name]
    assert "\n".join(lines(asked(calendar, action, facts, at=at(now)))) == snapshot
