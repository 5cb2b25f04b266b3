"""What a downgrade throws away, on both databases: what is gone and was held nowhere else afterwards."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.losses import Downgraded
from staging_gate.domain.way_back import Loss

BEFORE = """
CREATE TABLE orders (id integer PRIMARY KEY, item text NOT NULL, note text, empty text);
INSERT INTO orders VALUES (1, 'x', 'fragile', NULL), (2, 'y', NULL, NULL), (3, 'z', 'heavy', NULL);
CREATE TABLE audit (id integer PRIMARY KEY, what text);
INSERT INTO audit VALUES (1, 'made'), (2, 'sent');
CREATE TABLE drafts (id integer PRIMARY KEY)
"""
CASES = {
    "nothing": ("", ()),
    "a dropped column": ("ALTER TABLE orders DROP COLUMN note", (Loss("column orders.note", 2),)),
    "an empty column, which may hold something by then": (
        "ALTER TABLE orders DROP COLUMN empty",
        (Loss("column orders.empty", 0),),
    ),
    "a renamed column": ("ALTER TABLE orders RENAME COLUMN note TO remark", ()),
    "a column that only looks renamed": (
        "ALTER TABLE orders RENAME COLUMN note TO remark; UPDATE orders SET remark = item",
        (Loss("column orders.note", 2),),
    ),
    "a dropped table": ("DROP TABLE audit", (Loss("table audit", 2),)),
    "a table that was empty": ("DROP TABLE drafts", (Loss("table drafts", 0),)),
    "a renamed table": ("ALTER TABLE audit RENAME TO journal", ()),
    "a table that only looks renamed": (
        "ALTER TABLE audit RENAME TO journal; UPDATE journal SET what = 'lost' WHERE id = 2",
        (Loss("table audit", 2),),
    ),
    "rows": ("DELETE FROM audit WHERE id = 2", (Loss("rows of audit", 1),)),
    "an added column": ("ALTER TABLE orders ADD COLUMN tip integer", ()),
}


def execute(address: str, statements: str) -> None:
    each = [statement for statement in statements.split(";") if statement.strip()]
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database, database:
            for statement in each:
                database.execute(statement)
    else:
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as server:
            for statement in each:
                server.execute(statement.encode())


@pytest.fixture
def two(databases: Databases) -> Iterator[tuple[str, str]]:
    """A database as it is before a downgrade, twice."""
    with databases.clone() as before:
        execute(before, BEFORE)
        with databases.clone(before) as after:
            yield before, after


@pytest.mark.parametrize("case", CASES)
def test_what_is_lost(case: str, databases: Databases, two: tuple[str, str]) -> None:
    statements, losses = CASES[case]
    before, after = two
    execute(after, statements)

    assert Downgraded(databases, before, after).losses() == losses


def test_a_type_that_is_too_short_loses_what_is_cut_off(databases: Databases, two: tuple[str, str]) -> None:
    before, after = two
    if databases.kind == "sqlite":
        execute(after, "CREATE TABLE short (id integer PRIMARY KEY, item text NOT NULL, note char(3), empty text)")
        execute(after, "INSERT INTO short SELECT id, item, substr(note, 1, 3), empty FROM orders; DROP TABLE orders")
        execute(after, "ALTER TABLE short RENAME TO orders")
    else:
        execute(after, "ALTER TABLE orders ALTER COLUMN note TYPE varchar(3) USING substr(note, 1, 3)")

    assert Downgraded(databases, before, after).losses() == (Loss("column orders.note", 2),)
