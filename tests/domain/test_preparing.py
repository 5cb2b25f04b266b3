"""From when and until when merges to staging wait for the release that is prepared."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from staging_gate.domain.announcement import Announcement
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


# --- majors ------------------------------------------------------------------------------------------------------


ALWAYS = Calendar()


def publishing(when: datetime = AT, calendar: Calendar = ALWAYS, **over: object) -> Decision:
    promoted = replace(nouns.PROMOTED, **over)  # type: ignore[arg-type]
    facts = replace(nouns.PUBLISHABLE, release=promoted)
    return evaluate(replace(POLICY, calendar=calendar), facts, Action.PUBLISH, nouns.TESS, when)


def told(day: str, when: datetime = AT) -> Announcement:
    return Announcement("v2.0.0", date.fromisoformat(day), when, "tess")


def test_majors_are_announced() -> None:
    assert publishing(tag="v2.0.0").codes == ("not_announced",)
    assert publishing(breaking=("another login",)).codes == ("not_announced",)
    assert publishing(tag="v1.2.0").open
    assert publishing(tag="v2.0.0", greatest=None).open, "the first release of all"
    assert publishing(tag="v2.0.0", hotfix_reason="nobody can pay").open
    assert publishing(tag="v2.0.0", calendar=Calendar(announce_majors=timedelta())).open


def test_it_is_said_while_the_release_is_looked_at() -> None:
    """Before its change is merged: there is time yet to tell people."""
    coming = replace(nouns.RELEASABLE, release=replace(nouns.PROMOTED, tag="v2.0.0"))
    decision = evaluate(POLICY, coming, Action.PROMOTE, nouns.TESS, AT)

    assert decision.open
    assert [warning.code for warning in decision.warnings] == ["not_announced"]


def test_seven_days_from_the_word_and_not_before_the_day() -> None:
    soon, late = told("2026-03-12"), told("2026-03-20")

    assert publishing(tag="v2.0.0", announced=(soon,)).until == AT + timedelta(days=7)
    assert publishing(AT + timedelta(days=7), tag="v2.0.0", announced=(soon,)).open
    assert publishing(AT + timedelta(days=7), tag="v2.0.0", announced=(late,)).until == datetime(
        2026, 3, 20, tzinfo=UTC
    )


def test_what_is_put_off_was_announced_when_it_was_announced_first() -> None:
    first, then = told("2026-03-12"), told("2026-03-13", AT + timedelta(days=6))

    assert publishing(AT + timedelta(days=8), tag="v2.0.0", announced=(first, then)).open
    sooner = told("2026-03-12", AT + timedelta(days=6))
    forward = publishing(AT + timedelta(days=8), tag="v2.0.0", announced=(told("2026-04-01"), sooner))
    assert forward.until == AT + timedelta(days=13)


def test_what_people_are_told_of_majors(snapshot: SnapshotAssertion) -> None:
    assert lines(publishing(tag="v2.0.0")) == snapshot
    assert lines(publishing(tag="v2.0.0", announced=(told("2026-03-20"),))) == snapshot
