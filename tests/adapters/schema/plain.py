"""A migration tool as small teams write it: SQL files with the way back below a line, and a table of those done."""

from collections.abc import Mapping
from pathlib import Path

from staging_gate.domain.service import Schema, SchemaCommands
from tests.adapters.schema.projects import Project

TOOL = r"""
import os, pathlib, sqlite3, sys
address = os.environ["DATABASE_URL"]
if address.startswith("sqlite"):
    database = sqlite3.connect(address.removeprefix("sqlite:///"))
else:
    import psycopg
    database = psycopg.connect(address.replace("+psycopg", ""))
files = sorted(pathlib.Path("migrations").glob("*.sql"))
database.execute("CREATE TABLE IF NOT EXISTS done (name varchar(80))")
done = sorted(name for (name,) in database.execute("SELECT name FROM done").fetchall())


def run(text):
    for statement in text.split(";"):
        if statement.strip():
            database.execute(statement)


verb, *rest = sys.argv[1:]
if verb == "current":
    print(done[-1] if done else "")
elif verb == "up":
    for file in files:
        if file.stem not in done:
            print("up", file.name)
            run(file.read_text().partition("-- down")[0])
            database.execute(f"INSERT INTO done VALUES ('{file.stem}')")
            database.commit()
elif verb == "down":
    for file in reversed(files):
        if file.stem in done and file.stem > rest[0]:
            print("down", file.name)
            run(file.read_text().partition("-- down")[2])
            database.execute(f"DELETE FROM done WHERE name = '{file.stem}'")
            database.commit()
database.commit()
"""
COMMANDS = SchemaCommands(
    ("python", "migrate.py", "current"), ("python", "migrate.py", "up"), ("python", "migrate.py", "down", "$REVISION")
)
SCHEMA = Schema("commands", "gate.yaml", "DATABASE_URL", commands=COMMANDS, files="migrations")
FIRST = """CREATE TABLE orders (id integer PRIMARY KEY, item text NOT NULL, amount integer, note varchar(40))
-- down
DROP TABLE orders
"""


def sql(up: str, down: str) -> str:
    return f"{up}\n-- down\n{down}\n"


def project(folder: Path, files: Mapping[str, str] | None = None) -> Project:
    """Its first migration makes `orders`; `files` are more of them, by name."""
    site = Project(folder)
    (site.tree / "migrations").mkdir(parents=True)
    (site.tree / "migrate.py").write_text(TOOL)
    (site.tree / "gate.yaml").write_text("product: shop\n")
    for name, text in {"0001_orders": FIRST, **(files or {})}.items():
        (site.tree / "migrations" / f"{name}.sql").write_text(text)
    return site
