"""Maintenance: its state, the release that needs one, and what is said about its time."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.calendar import Calendar, Freeze, WeeklyWindow, is_open
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Decision, Facts, evaluate
from staging_gate.domain.maintenance import Maintenance, MaintenanceState, next_in_calendar
from staging_gate.domain.migration import Exemption, Finding, MigrationReport, Severity
from staging_gate.messages.decisions import lines
from tests.domain.nouns import AT, BACK, POLICY, PROMOTED, PUBLISHABLE, TESS
from tests.messages.said_migrations import REWRITE

local = datetime.fromisoformat
PRODUCTION, STAGING = Environment.PRODUCTION, Environment.STAGING
LONG = Finding("long_lock", Severity.WARNING, "versions/0009_x.py", 4, "it holds a lock on orders for 9.0 s", "", "")
DAYS = Calendar("Europe/London", production_windows=(WeeklyWindow((1, 2, 3), time(10), time(16)),))
THURSDAY = datetime(2026, 7, 2, 11, tzinfo=UTC)
HEAVY = replace(PROMOTED, migrations=(MigrationReport("api", (REWRITE,)),))


def maintenance(begins: datetime, hours: float = 2, **over: object) -> Maintenance:
    planned = Maintenance(1, "Move prices", PRODUCTION, begins, begins + timedelta(hours=hours), "dora", AT)
    return replace(planned, **over)  # type: ignore[arg-type]


def asked(
    *windows: Maintenance,
    action: Action = Action.PUBLISH,
    findings: tuple[Finding, ...] = (REWRITE,),
    calendar: Calendar = DAYS,
    at: datetime = THURSDAY,
    by: Actor = TESS,
    **over: object,
) -> Decision:
    release = replace(PROMOTED, migrations=(MigrationReport("api", findings),), **over)  # type: ignore[arg-type]
    facts = replace(PUBLISHABLE, release=release, maintenances=windows)
    return evaluate(replace(POLICY, calendar=calendar), facts, action, by, at)


# --- the noun -----------------------------------------------------------------------------------------------------


def test_its_state_is_a_matter_of_time() -> None:
    one = maintenance(THURSDAY)
    moments = [THURSDAY + timedelta(hours=hours) for hours in (-1, 0, 1, 2)]
    assert [one.state(moment) for moment in moments] == [
        MaintenanceState.ANNOUNCED,
        MaintenanceState.ACTIVE,
        MaintenanceState.ACTIVE,
        MaintenanceState.COMPLETED,
    ]
    assert replace(one, cancelled_at=AT).state(THURSDAY) is MaintenanceState.CANCELLED


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60), st.booleans()), max_size=4),
    st.integers(0, 300),
)
def test_the_next_moment_is_in_a_maintenance_and_open_and_no_earlier_one_is(
    windows: list[tuple[int, int, bool]], now: int
) -> None:
    """Against a slow look at every half hour."""
    start, half = datetime(2026, 6, 29, tzinfo=UTC), timedelta(minutes=30)
    planned = [
        maintenance(start + begins * half, hours=length / 2, cancelled_at=AT if gone else None)
        for begins, length, gone in windows
    ]
    at = start + now * half
    slow = (at + number * half for number in range(400))
    wanted = next(
        (each for each in slow if is_open(DAYS, PRODUCTION, each) and any(one.is_active(each) for one in planned)), None
    )
    assert next_in_calendar(planned, DAYS, PRODUCTION, at) == wanted


# --- the reason ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [Action.PUBLISH, Action.DEPLOY])
@pytest.mark.parametrize("finding", [REWRITE, LONG], ids=lambda finding: finding.code)
def test_what_shuts_people_out_needs_a_maintenance(action: Action, finding: Finding) -> None:
    closed = asked(action=action, findings=(finding,))
    assert closed.codes == ("needs_maintenance_window",)
    assert closed.reasons[0].bypass == ("tech_lead",)
    assert closed.until is None
    assert asked(maintenance(THURSDAY - timedelta(hours=1)), action=action, findings=(finding,)).open


def test_other_findings_need_none() -> None:
    assert asked(findings=(replace(REWRITE, code="rows_lost"),)).open
    assert asked(findings=(replace(REWRITE, severity=Severity.NOTE, built_in=Severity.WARNING),)).open


def test_an_exemption_counts_until_its_last_day_is_over() -> None:
    exempted = replace(REWRITE, exempted=Exemption("table_rewrite", "*", "ten rows", date(2026, 7, 2)))
    assert asked(findings=(exempted,)).open
    assert asked(findings=(exempted,), at=THURSDAY + timedelta(days=5)).codes == ("needs_maintenance_window",)


def test_it_opens_when_the_next_maintenance_begins_and_production_is_open() -> None:
    later = maintenance(THURSDAY + timedelta(hours=1))
    night = maintenance(THURSDAY + timedelta(hours=10), id=2)
    assert asked(night, later).until == later.starts_at
    assert asked(night).until is None
    overlapping = maintenance(datetime(2026, 7, 7, 6, tzinfo=UTC), hours=6)
    assert asked(overlapping).until == datetime(2026, 7, 7, 9, tzinfo=UTC)  # 10:00 in London's summer
    assert asked(overlapping, at=datetime(2026, 7, 7, 9, tzinfo=UTC)).open


def test_a_maintenance_of_staging_or_one_that_is_over_does_not_count() -> None:
    assert not asked(maintenance(THURSDAY, environment=STAGING)).open
    assert not asked(maintenance(THURSDAY - timedelta(hours=2))).open
    assert not asked(maintenance(THURSDAY, cancelled_at=AT)).open


def test_a_maintenance_does_not_open_what_the_calendar_closes() -> None:
    night = THURSDAY + timedelta(hours=10)
    assert asked(maintenance(night), at=night).codes == ("outside_window",)
    frozen = replace(DAYS, freezes=(Freeze(local("2026-07-01"), local("2026-07-04"), "sale"),))
    assert asked(maintenance(THURSDAY), calendar=frozen).codes == ("freeze",)


def test_a_hotfix_needs_it_too_and_no_window_of_the_calendar() -> None:
    night = THURSDAY + timedelta(hours=10)
    urgent: dict[str, Any] = {"hotfix_reason": "nobody can pay"}
    assert asked(at=night, **urgent).codes == ("needs_maintenance_window",)
    assert asked(maintenance(night + timedelta(hours=1)), at=night, **urgent).until == night + timedelta(hours=1)
    assert asked(maintenance(night), at=night, **urgent).open


def test_a_rollback_and_what_runs_already_are_never_asked() -> None:
    back = evaluate(POLICY, replace(BACK, release=HEAVY), Action.ROLL_BACK, TESS, THURSDAY)
    assert "needs_maintenance_window" not in back.codes
    assert evaluate(POLICY, Facts(PRODUCTION), Action.DEPLOY, TESS, THURSDAY).open


def test_a_check_that_passed_by_an_exemption_passes_until_that_is_over() -> None:
    exempted = replace(
        REWRITE, code="rows_lost", severity=Severity.ERROR,
        exempted=Exemption("rows_lost", "*", "drafts are not wanted", date(2026, 7, 2)),
    )  # fmt: skip
    assert asked(findings=(exempted,)).open
    closed = asked(findings=(exempted,), at=THURSDAY + timedelta(days=5))
    assert closed.codes == ("migrations_not_proved",)
    assert closed.reasons[0].evidence == ("versions/0008_amount.py:9: rows_lost until 2026-07-02",)


AHEAD = maintenance(THURSDAY + timedelta(hours=1))
EXPIRED = replace(
    REWRITE, code="rows_lost", severity=Severity.ERROR, what="draft had 12 rows and has 0",
    exempted=Exemption("rows_lost", "*", "drafts are not wanted", date(2026, 7, 1)),
)  # fmt: skip
TOLD = {
    "none is announced": asked(),
    "one is announced": asked(AHEAD),
    "several findings": asked(AHEAD, findings=(LONG, REWRITE)),
    "production is closed in it": asked(maintenance(THURSDAY + timedelta(hours=10))),
    "a hotfix": asked(AHEAD, hotfix_reason="nobody can pay"),
    "an exemption is over": asked(findings=(EXPIRED,)),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_people_are_told(name: str, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(lines(TOLD[name])) == snapshot


# --- its announcement ---------------------------------------------------------------------------------------------


def announced(planned: Maintenance, by: Actor = TESS) -> Decision:
    calendar = replace(DAYS, holidays=("GB",))
    facts = Facts(planned.environment, intent_maintenance=planned)
    return evaluate(replace(POLICY, calendar=calendar), facts, Action.MAINTAIN, by, THURSDAY, planned.title)


def cautions(planned: Maintenance) -> list[str]:
    return [said.code for said in announced(planned).warnings]


def test_a_short_notice_is_warned_about_and_refuses_nothing() -> None:
    assert cautions(maintenance(THURSDAY + timedelta(days=7))) == []
    soon = announced(maintenance(THURSDAY + timedelta(days=6)))
    assert soon.open
    assert [said.code for said in soon.warnings] == ["short_notice"]


def test_a_day_on_which_few_are_there_is_warned_about() -> None:
    friday, holiday = datetime(2026, 7, 17, 10, tzinfo=UTC), datetime(2026, 12, 25, 10, tzinfo=UTC)
    assert "unfit_day" in cautions(maintenance(friday))
    assert "unfit_day" in cautions(maintenance(friday - timedelta(hours=12), hours=14)), "it ends on one"
    assert "unfit_day" not in cautions(maintenance(friday - timedelta(hours=13), hours=2)), "midnight belongs to no day"
    assert "unfit_day" in cautions(maintenance(holiday))


def test_a_time_in_which_no_release_can_go_is_warned_about() -> None:
    night = datetime(2026, 7, 15, 22, tzinfo=UTC)
    assert cautions(maintenance(night)) == ["closed_in_maintenance"]
    assert cautions(maintenance(night, environment=STAGING)) == []


def test_who_may_announce_it() -> None:
    planned = maintenance(THURSDAY + timedelta(days=7))
    for role in ("tech_lead", "devops", "admin"):
        assert announced(planned, Actor("x", roles=frozenset({role}))).open
    for role in ("stakeholder", "developer", "viewer"):
        assert announced(planned, Actor("x", roles=frozenset({role}))).codes == ("no_right",)
    assert announced(planned, SYSTEM).open


def test_what_is_said_about_its_time(snapshot: SnapshotAssertion) -> None:
    friday_night = announced(maintenance(THURSDAY + timedelta(days=1, hours=12)))
    holiday = announced(maintenance(datetime(2026, 12, 25, 10, tzinfo=UTC)))
    assert "\n".join([*lines(friday_night), *lines(holiday)]) == snapshot
