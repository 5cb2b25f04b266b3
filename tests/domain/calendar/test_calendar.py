"""The release calendar of the runbook: production on Thursdays from 10 to 16, staging cut off on Wednesdays at 17."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from staging_gate.domain.calendar import (
    HORIZON,
    Calendar,
    CronWindow,
    Freeze,
    WeeklyTime,
    WeeklyWindow,
    closures,
    is_open,
    last_cutoff,
    next_cutoff,
    next_opening,
    occurrences,
    open_until,
)
from staging_gate.domain.environment import Environment

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION
local = datetime.fromisoformat

THURSDAYS = WeeklyWindow((3,), time(10), time(16))
LONDON = Calendar("Europe/London", WeeklyTime(2, time(17)), (THURSDAYS,))
YEAR_END = Freeze(local("2026-12-18"), local("2027-01-05"), "year end")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_empty_calendar_is_always_open() -> None:
    at = utc("2026-12-25 03:00")
    assert is_open(Calendar(), PRODUCTION, at)
    assert next_opening(Calendar(), PRODUCTION, at) == at
    assert open_until(Calendar(), PRODUCTION, at) is None
    assert next_cutoff(Calendar(), at) is None
    assert last_cutoff(Calendar(), at) is None
    assert occurrences(Calendar(), at, at + timedelta(days=28)) == ()


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-26 09:59", "2026-11-26 10:00"),
        ("2026-11-26 10:00", "2026-11-26 10:00"),
        ("2026-11-26 15:59", "2026-11-26 15:59"),
        ("2026-11-26 16:00", "2026-12-03 10:00"),
        ("2026-03-26 16:00", "2026-04-02 09:00"),  # clocks went on in between
    ],
)
def test_production_opens_on_thursday_by_the_clocks_of_the_zone(at: str, opens: str) -> None:
    assert next_opening(LONDON, PRODUCTION, utc(at)) == utc(opens)


def test_staging_has_no_windows() -> None:
    assert is_open(LONDON, STAGING, utc("2026-11-29 03:00"))


def test_a_freeze_beats_a_window_and_ends_at_the_next_window() -> None:
    frozen = replace(LONDON, freezes=(YEAR_END,))
    at = utc("2026-12-24 11:00")
    assert is_open(LONDON, PRODUCTION, at)
    assert not is_open(frozen, PRODUCTION, at)
    assert next_opening(frozen, PRODUCTION, at) == utc("2027-01-07 10:00")
    assert is_open(frozen, STAGING, at)


def test_freezes_that_follow_each_other_are_one_wait() -> None:
    more = Freeze(local("2027-01-04"), local("2027-01-08"), "the auditors are in")
    frozen = replace(LONDON, freezes=(more, YEAR_END))
    assert next_opening(frozen, PRODUCTION, utc("2026-12-20 00:00")) == utc("2027-01-14 10:00")


def test_a_freeze_of_staging_leaves_production_open() -> None:
    frozen = Calendar(freezes=(replace(YEAR_END, environments=(STAGING,)),))
    at = utc("2026-12-24 11:00")
    assert is_open(frozen, PRODUCTION, at)
    assert next_opening(frozen, STAGING, at) == utc("2027-01-05 00:00")


def test_a_window_ends_where_a_freeze_begins() -> None:
    frozen = replace(LONDON, freezes=(Freeze(local("2026-11-26 12:00"), local("2026-11-27"), "a fair"),))
    assert open_until(frozen, PRODUCTION, utc("2026-11-26 10:30")) == utc("2026-11-26 12:00")
    assert open_until(LONDON, PRODUCTION, utc("2026-11-26 10:30")) == utc("2026-11-26 16:00")


def test_public_holidays_close_production_by_their_name() -> None:
    closed = closures(replace(LONDON, holidays=("GB",)), PRODUCTION, utc("2026-12-25 12:00"))
    assert [each.title for each in closed] == ["Christmas Day"]
    assert closed[0].starts_at == utc("2026-12-25 00:00")
    assert closed[0].ends_at == utc("2026-12-26 00:00")


def test_a_holiday_of_a_part_of_a_country() -> None:
    at = utc("2026-11-30 12:00")
    assert is_open(Calendar(holidays=("GB-ENG",)), PRODUCTION, at)
    assert [each.title for each in closures(Calendar(holidays=("GB-SCT",)), PRODUCTION, at)] == ["Saint Andrew's Day"]


def test_holidays_do_not_close_staging() -> None:
    assert is_open(replace(LONDON, holidays=("GB",)), STAGING, utc("2026-12-25 12:00"))


def test_a_window_on_leap_days_opens_after_eight_years_too() -> None:
    leap = Calendar(production_windows=(CronWindow("0 10 29 2 *", timedelta(hours=6)),))
    assert next_opening(leap, PRODUCTION, utc("2096-03-01 00:00")) == utc("2104-02-29 10:00")


def test_a_freeze_that_the_clocks_leave_out_closes_nothing() -> None:
    frozen = replace(LONDON, freezes=(Freeze(local("2026-03-29 01:00"), local("2026-03-29 01:30"), "a short one"),))
    assert open_until(replace(frozen, production_windows=()), PRODUCTION, utc("2026-03-28 12:00")) is None


def test_what_never_opens_says_so() -> None:
    christmas = Calendar(production_windows=(CronWindow("0 10 25 12 *", timedelta(hours=6)),), holidays=("GB",))
    assert next_opening(christmas, PRODUCTION, utc("2026-01-01 00:00")) is None
    for_ever = Calendar(freezes=(replace(YEAR_END, ends=local("2026-12-18") + HORIZON),))
    assert next_opening(for_ever, PRODUCTION, utc("2026-12-18 00:00")) == utc("2026-12-18 00:00") + HORIZON


def test_the_cutoff_is_at_five_by_the_clocks_of_the_zone() -> None:
    at = utc("2026-03-25 17:00")
    assert last_cutoff(LONDON, at) == at
    assert next_cutoff(LONDON, at) == utc("2026-04-01 16:00")
    assert last_cutoff(LONDON, at - timedelta(seconds=1)) == utc("2026-03-18 17:00")


def test_windows_say_what_they_are() -> None:
    assert str(THURSDAYS) == "thu 10:00-16:00"
    assert str(WeeklyWindow((5, 6), time(0), time(0))) == "sat,sun 00:00-24:00"
    assert str(CronWindow("0 10 * * 4", timedelta(hours=6))) == 'cron "0 10 * * 4" for 6h'
