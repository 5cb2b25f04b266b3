"""The calendar of a gate.yaml: what it becomes, and what a person is told who got it wrong."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from staging_gate.config import YamlPolicyReader, example_text, json_schema
from staging_gate.domain.calendar import Calendar, CronWindow, Freeze, WeeklyTime, WeeklyWindow
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from tests.config.plain import misfits, plain
from tests.config.policies import SMALL, edited
from tests.config.test_broken_files import problems_of

local = datetime.fromisoformat


def with_calendar(*lines: str) -> str:
    calendar = "".join(f"  {line}\n" for line in lines)
    return edited(("product: shop\n", f"product: shop\ntime_zone: Europe/London\ncalendar:\n{calendar}"))


def read(text: str) -> Policy:
    return YamlPolicyReader().read(text.encode(), "gate.yaml")


def calendar_of(*lines: str) -> Calendar:
    return read(with_calendar(*lines)).calendar


def test_without_one_production_is_always_open() -> None:
    assert read(SMALL).calendar == Calendar("UTC")


def test_the_example_is_the_runbooks_calendar() -> None:
    assert read(example_text()).calendar == Calendar(
        zone="UTC",
        staging_cutoff=WeeklyTime(2, time(17)),
        production_windows=(WeeklyWindow((3,), time(10), time(16)),),
        freezes=(Freeze(local("2026-12-18"), local("2027-01-05"), "year end", (Environment.PRODUCTION,)),),
        holidays=("GB",),
        announce_majors=timedelta(days=7),
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("thu 10:00-16:00", WeeklyWindow((3,), time(10), time(16))),
        ("mon-thu 9:00-17:00", WeeklyWindow((0, 1, 2, 3), time(9), time(17))),
        ("fri 22:00-02:00", WeeklyWindow((4,), time(22), time(2))),
        ("fri-mon 00:00-24:00", WeeklyWindow((0, 4, 5, 6), time(0), time(0))),
        ('"tue,thu 10:00-16:00"', WeeklyWindow((1, 3), time(10), time(16))),
        ('{cron: "0 10 * * 4", for: 6h}', CronWindow("0 10 * * 4", timedelta(hours=6))),
        ('{cron: "30 9 1-7 * *", for: 90m}', CronWindow("30 9 1-7 * *", timedelta(minutes=90))),
    ],
)
def test_windows(written: str, meant: object) -> None:
    assert calendar_of(f"production_windows: [{written}]").production_windows == (meant,)


@pytest.mark.parametrize(
    ("begins", "ends", "meant"),
    [
        ("2026-12-18", "2027-01-04", ("2026-12-18 00:00", "2027-01-05 00:00")),  # to the end of that day
        ("2026-12-18", "2026-12-18", ("2026-12-18 00:00", "2026-12-19 00:00")),
        ("2026-12-18 17:00", "2027-01-04 9:00", ("2026-12-18 17:00", "2027-01-04 09:00")),
        ("2026-12-18T17:00", "2026-12-31", ("2026-12-18 17:00", "2027-01-01 00:00")),
    ],
)
def test_freezes_last_to_the_end_of_a_date(begins: str, ends: str, meant: tuple[str, str]) -> None:
    freeze = calendar_of(f"freezes: [{{from: {begins}, until: {ends}, why: year end}}]").freezes[0]
    assert freeze == Freeze(local(meant[0]), local(meant[1]), "year end", (Environment.PRODUCTION,))


def test_norway_is_no_truth_value() -> None:
    assert calendar_of("holidays: NO").holidays == ("NO",)
    assert calendar_of("holidays: [GB-SCT, NO]").holidays == ("GB-SCT", "NO")


def test_approvals_bind_to_the_calendar_and_not_to_how_it_is_written() -> None:
    one, other = (
        read(with_calendar("production_windows: [thu 10:00-16:00]", *more)) for more in ((), ("announce_majors: 7d",))
    )
    wider = read(with_calendar("production_windows: [thu 10:00-17:00]"))
    assert one.hash == other.hash != wider.hash
    assert read(edited(("product: shop\n", "product: shop\ncalendar: {}\n"))).hash == read(SMALL).hash


WINDOW = 'wanted days and times such as `thu 10:00-16:00`, or {cron: "0 10 * * 4", for: 6h}, found'
MOMENT = "wanted a date such as 2026-12-18, or a date and a time such as 2026-12-18 17:00, found"
PLACES = "wanted a country or a part of one such as GB or US-CA, or a list of them, found"

WRITTEN_WRONGLY = {
    "a cut-off without a day": (
        "staging_cutoff: 17:00",
        '4:19: calendar.staging_cutoff: wanted a day and a time such as `wed 17:00`, found the text "17:00"',
    ),
    "a cut-off in words": (
        "staging_cutoff: Wednesday 17",
        '4:19: calendar.staging_cutoff: wanted a day and a time such as `wed 17:00`, found the text "Wednesday 17"; '
        'did you mean "wed 17:00"?',
    ),
    "a time that is none": (
        "staging_cutoff: wed 25:00",
        '4:19: calendar.staging_cutoff: wanted a day and a time such as `wed 17:00`, found the text "wed 25:00"',
    ),
    "windows that are no list": (
        "production_windows: thu 10:00-16:00",
        "4:23: calendar.production_windows: wanted a list such as [a, b], found text",
    ),
    "a window in words": (
        'production_windows: ["Thursday 10 - 16"]',
        f'4:24: calendar.production_windows[0]: {WINDOW} the text "Thursday 10 - 16"; did you mean "thu 10:00-16:00"?',
    ),
    "a day that is a key": (
        "production_windows: [thu: 10:00-16:00]",
        f'4:24: calendar.production_windows[0]: {WINDOW} a mapping; unknown key "thu", known here: cron, for',
    ),
    "times without a day": (
        "production_windows: [10:00-16:00]",
        f'4:24: calendar.production_windows[0]: {WINDOW} the text "10:00-16:00"',
    ),
    "a number": ("production_windows: [10]", f"4:24: calendar.production_windows[0]: {WINDOW} the number 10; "
        'put it in quotes: "10"'),
    "a window that is never open": (
        "production_windows: [thu 10:00-10:00]",
        f'4:24: calendar.production_windows[0]: {WINDOW} the text "thu 10:00-10:00"; '
        "it never opens; the whole day is 00:00-24:00",
    ),
    "a date that never comes": (
        'production_windows: [{cron: "0 10 30 2 *", for: 6h}]',
        f'4:24: calendar.production_windows[0]: {WINDOW} the text "0 10 30 2 *"; `cron` has a bad day-of-month',
    ),
    "a cron expression of four fields": (
        'production_windows: [{cron: "0 10 * *", for: 6h}]',
        f'4:24: calendar.production_windows[0]: {WINDOW} the text "0 10 * *"; '
        "`cron` has five fields: minute, hour, day of the month, month, day of the week",
    ),
    "a cron expression of nonsense": (
        'production_windows: [{cron: "0 26 * * 4", for: 6h}]',
        f'4:24: calendar.production_windows[0]: {WINDOW} the text "0 26 * * 4"; `cron` has a bad hour',
    ),
    "a cron expression of digits without end": (
        f'production_windows: [{{cron: "{"9" * 5000} 10 * * 4", for: 6h}}]',
        f'4:24: calendar.production_windows[0]: {WINDOW} the text "{"9" * 37}..."; '
        "`cron` has five fields: minute, hour, day of the month, month, day of the week",
    ),
    "a cron expression without a length": (
        'production_windows: [{cron: "0 10 * * 4"}]',
        f"4:24: calendar.production_windows[0]: {WINDOW} a mapping; missing: for",
    ),
    "a length without a unit": (
        'production_windows: [{cron: "0 10 * * 4", for: 6}]',
        f"4:24: calendar.production_windows[0]: {WINDOW} the number 6; `for` is a duration such as 90m or 6h; "
        "say the unit, as in 6s",
    ),
    "a window of weeks": (
        'production_windows: [{cron: "0 10 * * 4", for: 8d}]',
        f'4:24: calendar.production_windows[0]: {WINDOW} the text "8d"; `for` is at most 7d',
    ),
    "a freeze without a reason": (
        "freezes: [{from: 2026-12-18, until: 2027-01-04}]",
        "4:13: calendar.freezes[0].why: missing: What for; people who are refused are told it",
    ),
    "a freeze with a key of another tool": (
        "freezes: [{from: 2026-12-18, until: 2027-01-04, why: x, env: [staging]}]",
        '4:59: calendar.freezes[0].env: unknown key, known here: from, until, why, environments',
    ),
    "a freeze of an environment that is none": (
        "freezes: [{from: 2026-12-18, until: 2027-01-04, why: x, environments: [prod]}]",
        "4:74: calendar.freezes[0].environments[0]: wanted one of staging, production, "
        'found the text "prod"',
    ),
    "a day that the year does not have": (
        "freezes: [{from: 2026-02-29, until: 2027-01-04, why: x}]",
        f'4:20: calendar.freezes[0].from: {MOMENT} the text "2026-02-29"; day is out of range for month',
    ),
    "a moment with an offset": (
        "freezes: [{from: 2026-12-18T17:00:00Z, until: 2027-01-04, why: x}]",
        f'4:20: calendar.freezes[0].from: {MOMENT} the text "2026-12-18T17:00:00Z"; '
        "leave the offset out: times are those of `time_zone`",
    ),
    "a date as elsewhere": (
        "freezes: [{from: 18.12.2026, until: 2027-01-04, why: x}]",
        f'4:20: calendar.freezes[0].from: {MOMENT} the text "18.12.2026"',
    ),
    "a year": (
        "freezes: [{from: 2026, until: 2027-01-04, why: x}]",
        f'4:20: calendar.freezes[0].from: {MOMENT} the number 2026; put it in quotes: "2026"',
    ),
    "a country that is none": ("holidays: XX", f'4:13: calendar.holidays: {PLACES} the text "XX"'),
    "a country in small letters": (
        "holidays: gb",
        f'4:13: calendar.holidays: {PLACES} the text "gb"; did you mean "GB"?',
    ),
    "a part that the country does not have": (
        "holidays: [GB-LON]",
        f"4:13: calendar.holidays: {PLACES} a list; parts of GB: ENG, NIR, SCT, WLS",
    ),
}  # fmt: skip

ONLY_THE_READER_KNOWS = {
    "a window that is never open",
    "a date that never comes",
    "a cron expression of four fields",
    "a cron expression of nonsense",
    "a cron expression of digits without end",
    "a window of weeks",
    "a day that the year does not have",
    "a country that is none",
    "a country in small letters",
    "a part that the country does not have",
}

AT_ODDS = {
    "no window at all": (
        "production_windows: []",
        "4:23: calendar.production_windows: wanted at least one window, found none; "
        "leave the key out to be open always",
    ),
    "a freeze that ends before it begins": (
        "freezes: [{from: 2027-01-04, until: 2026-12-18, why: x}]",
        "4:39: calendar.freezes[0].until: wanted an end after 2027-01-04, where it begins; found 2026-12-18",
    ),
    "a freeze that ends when it begins": (
        "freezes: [{from: 2026-12-18 17:00, until: 2026-12-18 17:00, why: x}]",
        "4:45: calendar.freezes[0].until: wanted an end after 2026-12-18 17:00, where it begins; "
        "found 2026-12-18 17:00",
    ),
    "a freeze of nothing": (
        "freezes: [{from: 2026-12-18, until: 2027-01-04, why: x, environments: []}]",
        "4:73: calendar.freezes[0].environments: wanted at least one environment, found none; "
        "leave the key out for production",
    ),
    "an environment twice": (
        "freezes: [{from: 2026-12-18, until: 2027-01-04, why: x, environments: [staging, staging]}]",
        '4:83: calendar.freezes[0].environments[1]: "staging" is there twice',
    ),
}


@pytest.mark.parametrize(
    ("line", "problem"), [*WRITTEN_WRONGLY.values(), *AT_ODDS.values()], ids=[*WRITTEN_WRONGLY, *AT_ODDS]
)
def test_what_a_person_is_told(line: str, problem: str) -> None:
    assert problems_of(with_calendar(line)) == [problem]


@pytest.mark.parametrize("name", sorted(WRITTEN_WRONGLY.keys() - ONLY_THE_READER_KNOWS))
def test_editors_tell_it_too(name: str) -> None:
    schema: Any = json_schema()
    assert list(misfits(schema, plain(with_calendar(WRITTEN_WRONGLY[name][0])), schema))


def test_an_unknown_zone_is_told_where_it_stands() -> None:
    text = with_calendar("staging_cutoff: wed 17:00").replace("Europe/London", "GMT+1")
    said = '2:12: time_zone: wanted an IANA time zone such as `Europe/London`, found the text "GMT+1"'
    assert [problem.partition(";")[0] for problem in problems_of(text)] == [said]
