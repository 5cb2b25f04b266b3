"""The calendar against a slow oracle, around every way in which clocks are known to behave."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.calendar import (
    Calendar,
    CronWindow,
    Freeze,
    Kind,
    WeeklyTime,
    WeeklyWindow,
    is_open,
    last_cutoff,
    next_cutoff,
    next_opening,
    occurrences,
    open_until,
)
from staging_gate.domain.environment import Environment
from tests.domain.calendar.clocks import CronFields, Walk, cutoff_minutes, open_minutes, walk, window_minutes

PRODUCTION = Environment.PRODUCTION
ALL_DAYS, EVERY_DAY = frozenset(range(1, 32)), frozenset(range(7))

# A zone, an instant in UTC at which something happens there, and a country whose holidays are near.
MOMENTS = [
    ("Europe/London", datetime(2026, 3, 29, 1, tzinfo=UTC), "GB"),
    ("Europe/London", datetime(2026, 10, 25, 1, tzinfo=UTC), "GB"),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC), "US"),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC), "US-CA"),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC), "AU"),  # half an hour back
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC), "AU-NSW"),  # half an hour on
    ("Antarctica/Troll", datetime(2026, 3, 29, 1, tzinfo=UTC), "NO"),  # two hours on
    ("Antarctica/Troll", datetime(2026, 10, 25, 1, tzinfo=UTC), "NO"),
    ("Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC), "LB"),  # there is no midnight
    ("Asia/Beirut", datetime(2026, 10, 24, 21, tzinfo=UTC), "LB"),  # midnight comes an hour late
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC), "CA"),  # from a minute past midnight to 23:01
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC), "WS"),  # a day is left out
    ("Asia/Kolkata", datetime(2028, 2, 29, tzinfo=UTC), "IN"),
    ("Asia/Kathmandu", datetime(2026, 12, 31, 18, 15, tzinfo=UTC), "NP"),
    ("UTC", datetime(2028, 2, 28, 23, tzinfo=UTC), "GB"),
]

times = st.integers(0, 24 * 12 - 1).map(lambda fives: time(fives // 12, fives % 12 * 5))
nights = st.integers(0, 4 * 12).map(lambda fives: time(fives // 12, fives % 12 * 5))
lengths = st.integers(1, 12 * 30).map(lambda fives: timedelta(minutes=5 * fives))


@st.composite
def weekly_windows(draw: st.DrawFn) -> WeeklyWindow:
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    return WeeklyWindow(tuple(sorted(days)), draw(times | nights), draw(times | nights))


@st.composite
def cron_windows(draw: st.DrawFn) -> tuple[CronWindow, CronFields]:
    minutes = draw(st.sets(st.sampled_from([0, 1, 15, 30, 45]), min_size=1, max_size=2))
    hours = draw(st.sets(st.integers(0, 5) | st.integers(0, 23), min_size=1, max_size=3))
    days, weekdays = draw(
        st.tuples(st.sets(st.sampled_from([1, 4, 7, 25, 28, 29, 30, 31]), min_size=1), st.just(EVERY_DAY))
        | st.tuples(st.just(ALL_DAYS), st.sets(st.integers(0, 6), min_size=1))
        | st.just((ALL_DAYS, EVERY_DAY))
    )
    fields = CronFields(frozenset(minutes), frozenset(hours), frozenset(days), frozenset(weekdays))
    every_day, every_weekday = fields.days == ALL_DAYS, fields.weekdays == EVERY_DAY
    written = [
        _listed(minutes),
        _listed(hours),
        "*" if every_day else _listed(days),
        "*",
        "*" if every_weekday else _listed(weekdays),
    ]
    return CronWindow(" ".join(written), draw(lengths)), fields


@st.composite
def freezes(draw: st.DrawFn, around: datetime) -> Freeze:
    begins = around.replace(tzinfo=None) + timedelta(minutes=5 * draw(st.integers(-2000, 2000)))
    length = draw(lengths | st.integers(1, 6).map(lambda days: timedelta(days=days)))
    return Freeze(begins, begins + length, "stock-taking")


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, dict[str, CronFields], datetime]:
    zone, around, country = draw(st.sampled_from(MOMENTS))
    crons = draw(st.lists(cron_windows(), max_size=1))
    weekly = draw(st.lists(weekly_windows(), max_size=2))
    calendar = Calendar(
        zone,
        production_windows=(*weekly, *(window for window, _ in crons)),
        freezes=tuple(draw(st.lists(freezes(around), max_size=2))),
        holidays=draw(st.sampled_from([(), (country,)])),
    )
    return calendar, {window.cron: fields for window, fields in crons}, around


@given(calendars(), st.data())
def test_it_opens_and_closes_when_the_clock_on_the_wall_says_so(
    made: tuple[Calendar, dict[str, CronFields], datetime], data: st.DataObject
) -> None:
    calendar, crons, around = made
    expected = open_minutes(calendar, crons, around)
    walked = walk(calendar.zone, around)
    edges = [n for n in range(1, len(expected)) if expected[n] != expected[n - 1]]
    near = [n + off for n in edges for off in (-1, 0) if _judged(n + off, calendar, walked)]
    anywhere = st.integers(1440 * 3, 1440 * 8)
    for n in data.draw(st.lists((st.sampled_from(near) if near else anywhere) | anywhere, min_size=4, max_size=8)):
        at = walked.minutes[n]
        assert is_open(calendar, PRODUCTION, at) == expected[n], at
        assert is_open(calendar, PRODUCTION, at + timedelta(seconds=59, microseconds=1)) == expected[n], at
        _opens_then(calendar, at, n, expected, walked)
        if expected[n]:
            _stays_open_until(calendar, at, n, expected, walked)


@given(calendars())
def test_what_is_drawn_is_what_is_in_force(made: tuple[Calendar, dict[str, CronFields], datetime]) -> None:
    calendar, crons, around = made
    walked = walk(calendar.zone, around)
    first, last = 1440 * 3, 1440 * 12
    found = occurrences(calendar, walked.minutes[first], walked.minutes[last])
    assert all(each.starts_at < walked.minutes[last] and each.ends_at > walked.minutes[first] for each in found)

    windows = [each for each in found if each.kind is Kind.WINDOW]
    closed = [each for each in found if each.kind in (Kind.FREEZE, Kind.HOLIDAY)]
    in_window, expected = window_minutes(calendar, crons, walked), open_minutes(calendar, crons, around)
    for n in range(first, last, 7):
        at = walked.minutes[n]
        shut = any(each.starts_at <= at < each.ends_at for each in closed)
        assert (in_window[n] and not shut) == expected[n], at
        if calendar.production_windows:
            assert any(each.starts_at <= at < each.ends_at for each in windows) == expected[n], at
    assert all(one.ends_at < other.starts_at for one, other in zip(windows, windows[1:], strict=False))


@given(st.sampled_from(MOMENTS), st.integers(0, 6), times | nights, st.integers(1440 * 3, 1440 * 14))
def test_the_cutoff_is_when_the_clock_first_shows_it(
    moment: tuple[str, datetime, str], weekday: int, clock: time, n: int
) -> None:
    zone, around, _ = moment
    calendar, walked = Calendar(zone, staging_cutoff=WeeklyTime(weekday, clock)), walk(zone, around)
    passed = cutoff_minutes(weekday, clock, walked)
    at = walked.minutes[n]
    before, after = [each for each in passed if each <= at], [each for each in passed if each > at]
    assert not before or last_cutoff(calendar, at) == before[-1]
    assert not after or next_cutoff(calendar, at) == after[0]
    found = occurrences(calendar, walked.minutes[1], walked.minutes[-1])
    assert [each.starts_at for each in found] == [each for each in passed if each < walked.minutes[-1]]


def _opens_then(calendar: Calendar, at: datetime, n: int, expected: list[bool], walked: Walk) -> None:
    opens = next_opening(calendar, PRODUCTION, at)
    first = next((m for m in range(n, len(expected)) if expected[m]), None)
    if first is None:
        assert opens is None or opens > walked.minutes[-1], at
    else:
        assert opens == walked.minutes[first], at


def _stays_open_until(calendar: Calendar, at: datetime, n: int, expected: list[bool], walked: Walk) -> None:
    closes = open_until(calendar, PRODUCTION, at)
    first = next((m for m in range(n, len(expected)) if not expected[m]), None)
    if first is None:
        assert closes is None or closes > walked.minutes[-1], at
    else:
        assert closes == walked.minutes[first], at


def _judged(n: int, calendar: Calendar, walked: Walk) -> bool:
    """The walk has to know what began before: the longest window is 30 hours."""
    return 1440 * 3 <= n < len(walked.minutes) - 1


def _listed(numbers: frozenset[int] | set[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers))
