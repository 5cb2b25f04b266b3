"""A migration tool in a few lines: `steps/*.sql`, one transaction each, on a SQLite database. Copied into a product."""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path


def main(verb: str) -> None:
    address = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(address, isolation_level=None)) as database:
        if verb == "up":
            up(database)
        print(current(database))


def up(database: sqlite3.Connection) -> None:
    for step in sorted(Path("steps").glob("*.sql")):
        if step.stem > current(database):
            database.execute("BEGIN IMMEDIATE")
            database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num)")
            database.execute("CREATE TABLE IF NOT EXISTS applied (step)")
            for statement in step.read_text().split(";"):
                database.execute(statement)
            database.execute("DELETE FROM alembic_version")
            database.execute("INSERT INTO alembic_version VALUES (?)", [step.stem])
            database.execute("INSERT INTO applied VALUES (?)", [step.stem])
            database.execute("COMMIT")


def current(database: sqlite3.Connection) -> str:
    try:
        row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return ""
    return str(row[0]) if row else ""


if __name__ == "__main__":
    main(sys.argv[1])
