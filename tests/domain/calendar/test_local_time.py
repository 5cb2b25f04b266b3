"""What clocks show, and the instants that are meant, around every change of them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from staging_gate.domain.calendar.local_time import day_of, instant, shown_at_most

local = datetime.fromisoformat


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall", "meant"),
    [
        ("Europe/London", "2026-03-29 00:59", "2026-03-29 00:59"),
        ("Europe/London", "2026-03-29 01:00", "2026-03-29 01:00"),  # left out: from here on it is two
        ("Europe/London", "2026-03-29 01:59", "2026-03-29 01:00"),
        ("Europe/London", "2026-03-29 02:00", "2026-03-29 01:00"),
        ("Europe/London", "2026-10-25 01:30", "2026-10-25 00:30"),  # shown twice: the first
        ("Europe/London", "2026-10-25 02:00", "2026-10-25 02:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),
        ("Asia/Kolkata", "2028-02-29 05:30", "2028-02-29 00:00"),
        ("Asia/Kathmandu", "2026-01-01 00:00", "2025-12-31 18:15"),
        ("Asia/Beirut", "2026-03-29 00:00", "2026-03-28 22:00"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),  # the day that Samoa left out
    ],
)
def test_a_local_time_means_the_first_instant_at_which_clocks_show_it_or_later(
    zone: str, wall: str, meant: str
) -> None:
    assert instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == utc(meant)


def test_a_day_that_has_begun_is_not_ended_by_clocks_that_go_back_past_midnight() -> None:
    newfoundland = ZoneInfo("America/St_Johns")  # in 2010, a minute past midnight became 23:01
    days = [day_of(utc(f"2010-11-07 {at}"), newfoundland) for at in ("02:29", "02:30", "02:31", "03:29", "03:30")]
    assert days == [date(2010, 11, 6), *[date(2010, 11, 7)] * 4]


def test_nothing_later_was_shown() -> None:
    assert shown_at_most(utc("2026-10-25 00:30"), ZoneInfo("Europe/London")) == local("2026-10-25 01:30")
    assert shown_at_most(utc("2026-10-25 01:30"), ZoneInfo("Europe/London")) == datetime.fromisoformat(
        "2026-10-25 02:30"
    )
    assert shown_at_most(utc("2026-10-25 02:00"), ZoneInfo("Europe/London")) == datetime.fromisoformat(
        "2026-10-25 02:00"
    )
