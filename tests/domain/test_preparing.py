"""From when and until when merges to staging wait for the release that is prepared."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from syrupy.assertion import SnapshotAssertion

from staging_gate.domain.calendar import Calendar, Freeze, WeeklyTime, WeeklyWindow
from staging_gate.domain.gate import Action, Decision, UnderWay, evaluate
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.messages.decisions import lines
from tests.domain import nouns
from tests.domain.nouns import AT, BEN, CHANGE, POLICY, RELEASE_CHANGE, approval

local = datetime.fromisoformat
WEEKLY = Calendar("Europe/London", WeeklyTime(2, time(17)), (WeeklyWindow((3,), time(10), time(16)),))
NO_WINDOWS = replace(WEEKLY, production_windows=())
YEAR_END = replace(WEEKLY, freezes=(Freeze(local("2026-12-18"), local("2027-01-05"), "year end"),))
MERGEABLE = replace(nouns.MERGEABLE, approvals=(approval(at=datetime(2026, 12, 1, tzinfo=UTC)),))
PROPOSED = Release("v1.1.0", "Release v1.1.0 - x", "notes", ReleaseState.PROPOSED, 7, "ada", AT)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def merging(when: str, calendar: Calendar = WEEKLY, **over: object) -> Decision:
    moment = at(when)
    facts = replace(MERGEABLE, approvals=(approval(at=moment),))
    return evaluate(replace(POLICY, calendar=calendar), replace(facts, **over), Action.MERGE, BEN, moment)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "until"),
    [
        ("2026-07-01 15:59", None),
        ("2026-07-01 16:00", "2026-07-02 15:00"),  # Wednesday 17:00 in London's summer
        ("2026-07-02 09:00", "2026-07-02 15:00"),
        ("2026-07-02 14:59", "2026-07-02 15:00"),
        ("2026-07-02 15:00", None),
        ("2026-10-21 16:00", "2026-10-22 15:00"),
        ("2026-10-28 16:59", None),  # after the clocks went back
        ("2026-10-28 17:00", "2026-10-29 16:00"),
        ("2026-03-25 17:00", "2026-03-26 16:00"),
        ("2026-04-01 16:00", "2026-04-02 15:00"),
    ],
)
def test_the_cutoff_holds_until_the_window_is_over(when: str, until: str | None) -> None:
    found = merging(when)

    assert found.codes == (() if until is None else ("release_in_preparation",))
    assert found.until == (at(until) if until else None)
    if until:
        assert merging(until).open, "what is said of the time is true"


def test_a_cutoff_whose_window_is_frozen_belongs_to_no_release() -> None:
    assert merging("2026-12-23 18:00", YEAR_END).open
    assert merging("2026-12-30 18:00", YEAR_END).open
    assert merging("2027-01-06 17:00", YEAR_END).until == at("2027-01-07 16:00")


def test_without_windows_there_is_nothing_that_a_cutoff_belongs_to() -> None:
    assert merging("2026-07-01 18:00", NO_WINDOWS).open


def test_a_release_that_has_ended_since_the_cutoff_opens_staging() -> None:
    assert merging("2026-07-02 10:00", release_ended_at=at("2026-07-02 09:20")).open
    assert not merging("2026-07-02 10:00", release_ended_at=at("2026-06-25 09:20")).open


def test_who_said_yes_keeps_the_others_waiting_whatever_the_calendar_says() -> None:
    when = "2026-06-30 10:00"
    change = replace(RELEASE_CHANGE, release="v1.1.0")
    said = approval("tess", "tech_lead", at=at(when))

    assert merging(when, under_way=(UnderWay(PROPOSED, change),)).open
    closed = merging(when, under_way=(UnderWay(PROPOSED, change, (said,)),))
    assert closed.codes == ("release_in_preparation",)
    assert closed.until is None, "nobody knows when it is verified"
    void = replace(said, tree="f" * 40)
    assert merging(when, under_way=(UnderWay(PROPOSED, change, (void,)),)).open


@pytest.mark.parametrize("source", ["hotfix/login", "main"])
def test_hotfixes_and_their_way_back_pass(source: str) -> None:
    change = replace(CHANGE, source=source)

    assert merging("2026-07-01 18:00", change=change, source=source).open


def test_what_people_are_told(snapshot: SnapshotAssertion) -> None:
    assert lines(merging("2026-07-01 18:00")) == snapshot
