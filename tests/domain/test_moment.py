"""Moments as people type them, in the zone of the policy."""

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.moment import parse_moment

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
"""A Thursday; the clocks go forward on the 29th."""


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("fri 15:00", "2026-03-06 15:00"),
        ("Friday  9:00", "2026-03-06 09:00"),
        ("thu 10:00", "2026-03-05 10:00"),
        ("thu 09:59", "2026-03-12 09:59"),
        ("10:30", "2026-03-05 10:30"),
        ("9:30", "2026-03-06 09:30"),
        ("today 9:30", "2026-03-06 09:30"),
        ("tomorrow 10:00", "2026-03-06 10:00"),
        ("+2h", "2026-03-05 12:00"),
        ("+3d", "2026-03-08 10:00"),
        ("+1w", "2026-03-12 10:00"),
        ("+45m", "2026-03-05 10:45"),
        ("2026-12-24", "2026-12-24 00:00"),
        ("2026-07-01 10:00", "2026-07-01 09:00"),
        ("2026-07-01T10:00+02:00", "2026-07-01 08:00"),
        ("2026-03-01 10:00", "2026-03-01 10:00"),
        ("2026-03-29 01:30", "2026-03-29 01:00"),
    ],
)
def test_a_moment(text: str, at: str) -> None:
    assert parse_moment(text, NOW, LONDON) == datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_days_are_those_of_the_zone() -> None:
    """In Kathmandu it is Friday already when it is Thursday evening in London."""
    evening = datetime(2026, 3, 5, 19, 0, tzinfo=UTC)

    assert parse_moment("fri 01:00", evening, ZoneInfo("Asia/Kathmandu")) == datetime(2026, 3, 5, 19, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is no moment; wanted one such as fri 15:00, tomorrow 10:00"),
        ("soon", "'soon' is no moment"),
        ("fri", "'fri' is no moment"),
        ("fri 25:00", "'fri 25:00' is no moment"),
        (
            "fry 15:00",
            "'fry' is no day of the week; wanted one of mon, tue, wed, thu, fri, sat, sun, today or tomorrow.",
        ),
        ("t 15:00", "'t' is no day of the week"),
        ("2026-02-30", "'2026-02-30' is no moment"),
        ("9999-12-31", "'9999-12-31' is too far away"),
    ],
)
def test_what_is_no_moment_is_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="wanted") as no:
        parse_moment(text, NOW, LONDON)
    assert str(no.value).startswith(said)


@given(st.text(max_size=20) | st.from_regex(r"\+?[a-z]{0,4} ?[0-9:dhmw-]{0,8}", fullmatch=True))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    with contextlib.suppress(ValueError, OverflowError):
        assert parse_moment(text, NOW, LONDON).tzinfo is not None
