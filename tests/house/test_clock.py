"""Time comes in through `ports.clock`; the few other places that look at a clock are listed with their reason."""

import ast
from fnmatch import fnmatch

import pytest

from tests.house.sources import PRODUCT, python_files, uses

WALL = {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "sqlalchemy.func.current_timestamp",
    "sqlalchemy.func.now",
    "time.ctime",
    "time.gmtime",
    "time.localtime",
    "time.time",
    "time.time_ns",
}
LENGTHS = {"time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"}
PAUSES = {"time.sleep"}

# Files below src/staging_gate, what they may use, and why.
PERMITTED = [
    ("adapters/clock/__init__.py", WALL | PAUSES, "it is the clock"),
    ("adapters/*", LENGTHS, "an adapter measures how long the outside took"),
    ("adapters/local/waiting.py", PAUSES, "real processes take real time"),
    ("wire/*", LENGTHS, "a call has a time limit"),
    ("demo/*", WALL | LENGTHS | PAUSES, "the demo is a client from outside, on real time"),
    (
        "engine/lease.py",
        {"sqlalchemy.func.now"},
        "workers on several machines have only the database's clock in common",
    ),
    ("testing/strict_client.py", WALL | LENGTHS, "a client from outside: it measures what it sees"),
    ("testing/polling.py", LENGTHS | PAUSES, "the only polling in tests"),
]


def clock_uses(tree: ast.Module) -> list[tuple[int, str]]:
    return [(line, name) for line, name in uses(tree) if name in WALL | LENGTHS | PAUSES]


def permitted(path: str, name: str) -> bool:
    below = path.removeprefix(f"{PRODUCT}/")
    return any(fnmatch(below, pattern) and name in names for pattern, names, _ in PERMITTED)


def test_nothing_but_the_clock_reads_the_clock() -> None:
    found = [
        f"{path}:{line}: {name}: take the time from ports.clock, or as `at`"
        for path, tree in python_files(PRODUCT)
        for line, name in clock_uses(tree)
        if not permitted(path, name)
    ]

    assert not found, "\n".join(found)


def test_tests_do_not_sleep() -> None:
    found = [
        f"{path}:{line}: {name}: move the clock, or use staging_gate.testing.eventually"
        for path, tree in python_files("tests")
        for line, name in clock_uses(tree)
        if name in PAUSES
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "import time as t\nwait = t.sleep",
        "from time import monotonic as tick\ntick()",
        "from datetime import UTC, datetime\ndatetime.now(UTC)",
        "import datetime\ndatetime.date.today()",
        "from sqlalchemy import func\nfunc.now()",
    ],
)
def test_a_planted_look_at_the_clock_is_found(source: str) -> None:
    [(line, name)] = clock_uses(ast.parse(source))

    assert line == 2
    assert not permitted("src/staging_gate/runbook/planted.py", name)
