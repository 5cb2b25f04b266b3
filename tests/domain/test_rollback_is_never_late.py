"""No rollback is ever refused for a reason of the calendar, a hold or a freeze, whoever asks and whenever."""

from dataclasses import fields, replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.actor import Actor
from staging_gate.domain.calendar import Calendar, Freeze, WeeklyTime, WeeklyWindow
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Facts, evaluate
from staging_gate.domain.gate.evaluate import RULES
from tests.domain.nouns import AT, BACK, HELD, POLICY, PROMOTED, TESS
from tests.domain.test_gate_properties import actors, facts

ASKED = {"environment", "live", "rollback_to", "rollback_name", "rollback_back", "quarantines"}
ASKED |= {"database", "way_back", "intent_wish"}
"""The facts that a rollback may depend on: where it goes, what it leaves, and what is known of the database."""

CODES = {"no_policy", "no_right", "rollback_of_a_rollback", "no_rollback_target", "quarantined", "already_live"}
CODES |= {"way_back_unknown", "way_back_irreversible", "loses_data"}
"""Every reason why a rollback may be refused."""

TODAY, YEARS = AT.replace(tzinfo=None), timedelta(days=1000)

moments = st.datetimes(TODAY, TODAY + YEARS, timezones=st.just(UTC))
calendars = st.builds(
    Calendar,
    zone=st.sampled_from(["UTC", "Europe/London", "Asia/Kolkata"]),
    staging_cutoff=st.sampled_from([None, WeeklyTime(2, time(17))]),
    production_windows=st.sampled_from([(), (WeeklyWindow((3,), time(10), time(10, 1)),)]),
    freezes=st.sampled_from([(), (Freeze(TODAY, TODAY + YEARS, "the year end"),)]),
    holidays=st.sampled_from([(), ("GB",)]),
)


@given(facts, actors, moments, calendars)
def test_the_calendar_the_moment_and_holds_change_nothing(
    known: Facts, by: Actor, at: datetime, calendar: Calendar
) -> None:
    policy = replace(POLICY, calendar=calendar)
    held = replace(known, holds=(replace(HELD, environment=known.environment),))
    bare = Facts(**{name: getattr(known, name) for name in ASKED})
    one, other = evaluate(policy, held, Action.ROLL_BACK, by, at), evaluate(POLICY, bare, Action.ROLL_BACK, by, AT)

    assert one.reasons == other.reasons
    assert set(one.codes) <= CODES
    assert all(reason.until is None for reason in one.reasons)


@given(moments, calendars)
def test_a_good_rollback_is_open_at_any_time(at: datetime, calendar: Calendar) -> None:
    assert evaluate(replace(POLICY, calendar=calendar), replace(BACK, holds=(HELD,)), Action.ROLL_BACK, TESS, at).open


def test_the_same_calendar_does_close_a_release() -> None:
    """Else the tests above would prove nothing."""
    closed = Calendar(freezes=(Freeze(TODAY, TODAY + YEARS, "why"),))
    policy = replace(POLICY, calendar=closed)
    publishing = Facts(Environment.PRODUCTION, release=PROMOTED, holds=(HELD,))

    assert {"freeze", "hold"} <= set(evaluate(policy, publishing, Action.PUBLISH, TESS, AT).codes)


def test_the_table_names_no_rule_that_looks_at_a_clock() -> None:
    asked = {rule.__module__.rpartition(".")[2] for rule in RULES[Action.ROLL_BACK]}

    assert asked == {"policy_in_force", "rights", "rollback_of_a_rollback", "rollback_target", "way_back"}
    assert {field.name for field in fields(Facts)} >= ASKED
