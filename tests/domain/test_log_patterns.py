"""The runbook's patterns, counted in the lines of a log."""

import pytest

from staging_gate.domain.log_patterns import PATTERNS, Found, both, look_for_patterns


def test_the_patterns_are_the_runbooks() -> None:
    assert {category: len(patterns) for category, patterns in PATTERNS.items()} == {
        "authentication": 3,
        "database": 3,
        "application": 3,
    }


def test_each_pattern_is_counted_whatever_its_letters() -> None:
    found = look_for_patterns(
        ["ERROR deadlock detected", "fine", "WARN JWT verification failed: Invalid token", "Deadlock detected"]
    )

    assert dict(found.counts) == {"Deadlock detected": 2, "JWT verification failed": 1, "Invalid token": 1}
    assert found.counts[0] == ("Deadlock detected", 2)
    assert found.lines == 4
    assert found.categories == {"database", "authentication"}


def test_a_line_counts_once_for_a_pattern() -> None:
    assert look_for_patterns(["Invalid token, invalid token"]).counts == (("Invalid token", 1),)


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("INFO Invalid token", False),
        ("[debug] Invalid token", False),
        ("2026-03-05 10:00 ERROR Invalid token (see INFO above)", True),
        ("Invalid token", True),
        ("WARNING Invalid token", True),
        ("information: Invalid token", True),
    ],
)
def test_a_quiet_level_does_not_count(line: str, counts: bool) -> None:
    assert bool(look_for_patterns([line]).counts) is counts


def test_services_are_added_up() -> None:
    one, other = look_for_patterns(["Invalid token"]), look_for_patterns(["Invalid token", "Connection refused"])

    assert both(one, other) == Found((("Invalid token", 2), ("Connection refused", 1)), 3)
