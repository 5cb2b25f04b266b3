"""What a rollback does with the database: by what is proved, by what a person says, by what gate.yaml agrees to."""

from dataclasses import replace

import pytest

from staging_gate.domain.gate import Caution, evaluate
from staging_gate.domain.going_back import (
    NO_WISH,
    Consent,
    Course,
    Wish,
    course_by_itself,
    course_for_a_person,
    lost,
)
from staging_gate.domain.policy import Requirement
from staging_gate.domain.way_back import Loss, WayBack
from tests.domain.going_back import ACCEPTS, IRREVERSIBLE, LOSSLESS, LOSSY, SWITCH_ONLY, UNKNOWN, promoting
from tests.domain.nouns import AT, WAY

SWITCH, DOWNGRADE, STAY = Course
NEVER, WITHOUT_LOSS, ALWAYS = Consent


@pytest.mark.parametrize(
    ("way", "plain", "accepting"),
    [
        (WAY, SWITCH, SWITCH),
        (LOSSLESS, DOWNGRADE, DOWNGRADE),
        (LOSSY, STAY, DOWNGRADE),
        (IRREVERSIBLE, STAY, STAY),
        (UNKNOWN, STAY, DOWNGRADE),
        (None, STAY, DOWNGRADE),
    ],
)
def test_a_person_is_asked_before_data_is_lost_or_where_nothing_is_known(
    way: WayBack | None, plain: Course, accepting: Course
) -> None:
    assert course_for_a_person(way, NO_WISH) is plain
    assert course_for_a_person(way, ACCEPTS) is accepting


@pytest.mark.parametrize("way", [WAY, LOSSLESS, LOSSY, IRREVERSIBLE, UNKNOWN, None])
@pytest.mark.parametrize("wish", [SWITCH_ONLY, Wish(switch_only=True, accept_data_loss=True)])
def test_a_person_can_always_move_the_traffic_alone(way: WayBack | None, wish: Wish) -> None:
    assert course_for_a_person(way, wish) is SWITCH


@pytest.mark.parametrize(
    ("way", "never", "without_loss", "always"),
    [
        (WAY, SWITCH, SWITCH, SWITCH),
        (LOSSLESS, STAY, DOWNGRADE, DOWNGRADE),
        (LOSSY, STAY, STAY, DOWNGRADE),
        (IRREVERSIBLE, STAY, STAY, STAY),
        (UNKNOWN, SWITCH, SWITCH, SWITCH),
        (None, SWITCH, SWITCH, SWITCH),
    ],
)
def test_nothing_is_thrown_away_by_itself_unless_that_was_agreed(
    way: WayBack | None, never: Course, without_loss: Course, always: Course
) -> None:
    assert course_by_itself(way, NEVER) is never
    assert course_by_itself(way, WITHOUT_LOSS) is without_loss
    assert course_by_itself(way, ALWAYS) is always


def test_a_column_that_was_empty_where_it_was_tried_may_be_full_in_production() -> None:
    empty = replace(LOSSY, losses=(Loss("column orders.note", 0),))

    assert course_by_itself(empty, WITHOUT_LOSS) is STAY
    assert lost(empty) == "column orders.note (0 rows of the clone)"


def test_losses_are_named_with_their_rows() -> None:
    assert lost(LOSSY) == "column orders.note (1,200 rows of the clone) and table drafts"
    assert lost(replace(LOSSY, losses=(Loss("table notes", 1),))) == "table notes (1 row of the clone)"


def said(way: WayBack) -> list[Caution]:
    action, known, by, policy = promoting(way)
    return list(evaluate(policy, known, action, by, AT).warnings)


def test_what_going_back_would_cost_is_said_before_a_release_is_published() -> None:
    assert said(WAY) == []
    [downgrade], [loses] = said(LOSSLESS), said(LOSSY)
    assert downgrade.sentence == (
        "Going back from v1.1.0 to v1.0.0 has to downgrade the database first, and throws nothing away."
    )
    assert loses.sentence == (
        "Going back from v1.1.0 to v1.0.0 has to downgrade the database first, which throws away: "
        "column orders.note (1,200 rows of the clone) and table drafts."
    )


def test_a_policy_that_does_not_ask_for_it_lets_it_through() -> None:
    action, known, by, policy = promoting(None)
    others = tuple(each for each in Requirement if each is not Requirement.WAY_BACK_PROVED)
    relaxed = replace(policy, production=replace(policy.production, requires=others))

    assert evaluate(policy, known, action, by, AT).codes == ("way_back_unproved",)
    assert evaluate(relaxed, known, action, by, AT).open


def test_nothing_in_production_needs_no_way_back() -> None:
    action, known, by, policy = promoting(None)
    assert known.release
    first = replace(known, release=replace(known.release, goes_back_to=None))

    assert evaluate(policy, first, action, by, AT).open
