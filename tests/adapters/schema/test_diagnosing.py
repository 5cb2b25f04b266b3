"""Migrations that really fail on real databases, what is found out about them, and that the statements printed help."""

import re
import shlex
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from staging_gate.adapters.schema import Keeper
from staging_gate.adapters.schema.databases import differences
from staging_gate.adapters.schema.diagnosing import Signs, suspects
from staging_gate.adapters.schema.looking import Seen, into_postgres
from staging_gate.domain.diagnosis import Answer, Cause, Suspect
from staging_gate.ports.databases import Case
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres
from tests.adapters.schema.projects import SCHEMA, Project, fill, migration, versions

PASSWORD = "s3cret-word"
FIRST = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
    "INSERT INTO alembic_version VALUES ('0001')",
    "CREATE TABLE orders (id SERIAL NOT NULL, item TEXT NOT NULL, amount INTEGER, note VARCHAR(40), PRIMARY KEY (id))",
)
"""As Alembic does it, and in a hundredth of the time."""
NOTES = 'op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True))'
PRICE = 'op.add_column("orders", sa.Column("price", sa.Integer))'
BY_ITEM = 'op.create_index("by_item", "orders", ["item"])'
NO_TRANSACTION = f"with op.get_context().autocommit_block():\n    {PRICE}\n    {BY_ITEM}\nop.execute('SELECT nothing')"


@pytest.fixture(scope="module")
def server() -> Iterator[TemporaryPostgres]:
    with temporary_postgres() as one:
        with psycopg.connect(one.address, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE shop LOGIN PASSWORD '{PASSWORD}'")
        yield one


@pytest.fixture
def postgres(server: TemporaryPostgres) -> Iterator[str]:
    """The address of an empty database of a user who is no administrator."""
    with server.database() as address:
        with psycopg.connect(address, autocommit=True) as database:
            database.execute("GRANT CREATE ON SCHEMA public TO shop")
        host = address.rpartition("@")[2]
        yield f"postgresql+psycopg://shop:{PASSWORD}@{host}"


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/live.db"


@pytest.fixture
def keeper(server: TemporaryPostgres) -> Keeper:
    return Keeper(server.address)


@pytest.fixture(params=["postgres", "sqlite"])
def live(request: pytest.FixtureRequest) -> str:
    """The address of the real database, of each kind in turn."""
    return str(request.getfixturevalue(request.param))


def began(folder: Path, address: str, rows: bool = False) -> None:
    """The first migration is applied."""
    for statement in FIRST:
        execute(address, statement.replace("SERIAL", "INTEGER") if address.startswith("sqlite") else statement)
    if rows:
        fill(address)


def migrate(project: Project, address: str, **environ: str) -> str:
    """What it said where it failed; nothing where it went."""
    argv = (sys.executable, "-m", "alembic", "-c", "alembic.ini", "upgrade", "head")
    ran = project.run(argv, {"DATABASE_URL": address, **environ}, 60.0)
    return ran.tail if ran.error else ""


def examined(keeper: Keeper, project: Project, address: str, said: str) -> Mapping[Cause, Suspect]:
    found = keeper.examine(Case(SCHEMA, project, address, said, "nobody"))
    assert [suspect.cause for suspect in found] == list(Cause)
    assert PASSWORD not in str(found)
    return {suspect.cause: suspect for suspect in found}


def failed(keeper: Keeper, folder: Path, address: str, **environ: str) -> Mapping[Cause, Suspect]:
    """The migrations in the folder's project fail, and that is looked into."""
    project = Project(folder)
    said = migrate(project, address, **environ)
    assert said, "they went through"
    return examined(keeper, project, address, said)


def project(folder: Path, **more: str) -> Path:
    Project.write(folder / "next", versions(**more))
    return folder / "next"


def confirmed(found: Mapping[Cause, Suspect]) -> set[Cause]:
    return {cause for cause, suspect in found.items() if suspect.answer is Answer.CONFIRMED}


def commands(suspect: Suspect) -> list[str]:
    return [step.run for step in suspect.next]


def execute(address: str, *statements: str) -> None:
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database, database:
            for statement in statements:
                database.execute(statement)
        return
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def as_administrator(server: TemporaryPostgres, address: str, *statements: str) -> None:
    execute(server.address.rpartition("/")[0] + "/" + address.rpartition("/")[2], *statements)


# --- the files ---------------------------------------------------------------------------------------------------


def test_several_heads(keeper: Keeper, tmp_path: Path, postgres: str) -> None:
    live = postgres
    began(tmp_path, live)
    here = project(tmp_path, two=migration("0002", "0001", NOTES), three=migration("0003", "0001", PRICE))
    found = failed(keeper, here, live)

    assert confirmed(found) == {Cause.SEVERAL_HEADS}
    suspect = found[Cause.SEVERAL_HEADS]
    assert suspect.says == "There are 2 last revisions (0002, 0003), so which to go to is not known."
    assert commands(suspect) == ["alembic -c alembic.ini merge -m 'join 0002 and 0003' 0002 0003"]


def test_merging_as_printed_helps(keeper: Keeper, tmp_path: Path, sqlite: str) -> None:
    began(tmp_path, sqlite)
    here = project(tmp_path, two=migration("0002", "0001", NOTES), three=migration("0003", "0001", PRICE))
    (Project(here).tree / "migrations" / "script.py.mako").write_text(
        "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\ndef upgrade(): pass\n"
    )
    [command] = commands(failed(keeper, here, sqlite)[Cause.SEVERAL_HEADS])

    ran = Project(here).run((sys.executable, "-m", *shlex.split(command)), {"DATABASE_URL": sqlite}, 60.0)

    assert (ran.error, migrate(Project(here), sqlite)) == ("", "")


@pytest.mark.parametrize(
    ("text", "says", "place"),
    [
        ("def upgrade(:\n", r"it is no Python|invalid syntax", "migrations/versions/two.py:1"),
        (migration("0002", "0009"), r"0009", "migrations/versions/two.py"),
        ("import nothing_there\n" + migration("0002", "0001"), "No module named 'nothing_there'", "two.py:1"),
        (migration("0002", "0001", "op.create_tabel('x')"), "AttributeError: .*create_tabel", "two.py:9"),
    ],
    ids=["syntax", "lost parent", "import", "typing error"],
)
def test_code_that_can_not_run(keeper: Keeper, tmp_path: Path, sqlite: str, text: str, says: str, place: str) -> None:
    began(tmp_path, sqlite)
    found = failed(keeper, project(tmp_path, two=text), sqlite)

    assert confirmed(found) == {Cause.BROKEN_CODE}
    suspect = found[Cause.BROKEN_CODE]
    assert re.search(says, suspect.says), suspect
    assert place in str(suspect.evidence) + str(suspect.next)


# --- where the database stands -----------------------------------------------------------------------------------


def test_a_revision_that_no_file_has(keeper: Keeper, tmp_path: Path, live: str) -> None:
    began(tmp_path, live)
    execute(live, "UPDATE alembic_version SET version_num = 'zz9'")
    found = failed(keeper, project(tmp_path, two=migration("0002", "0001", NOTES)), live)

    assert confirmed(found) == {Cause.UNKNOWN_REVISION}
    suspect = found[Cause.UNKNOWN_REVISION]
    assert suspect.says == "The database is at zz9, and no file has that revision: applied migrations must stay."
    assert commands(suspect)[0] == "git log --all --oneline -S zz9 -- migrations/versions"


def test_part_of_a_migration_is_there_and_the_statements_take_it_back(
    keeper: Keeper, tmp_path: Path, postgres: str
) -> None:
    began(tmp_path, postgres)
    here = project(tmp_path, two=migration("0002", "0001", NO_TRANSACTION))
    before = dict(into_postgres(postgres).snapshot)
    found = failed(keeper, here, postgres)

    suspect = found[Cause.PARTLY_APPLIED]
    assert suspect.answer is Answer.CONFIRMED
    assert suspect.says == "0002 (migrations/versions/two.py) is in the database in part."
    assert "there: + column orders.price: integer" in suspect.evidence
    assert commands(suspect)[:2] == ['ALTER TABLE "orders" DROP COLUMN "price";', 'DROP INDEX "by_item";']

    execute(postgres, *(statement for statement in commands(suspect) if statement.endswith(";")))
    assert differences(before, into_postgres(postgres).snapshot) == []


def test_sqlite_keeps_what_was_done_before_the_failure(keeper: Keeper, tmp_path: Path, sqlite: str) -> None:
    began(tmp_path, sqlite)
    two = migration("0002", "0001", f"{NOTES}\n{PRICE}\nop.execute('SELECT nothing')")
    found = failed(keeper, project(tmp_path, two=two), sqlite)

    suspect = found[Cause.PARTLY_APPLIED]
    assert suspect.answer is Answer.CONFIRMED
    assert [one for one in suspect.evidence if one.startswith("there: + table")] == ["there: + table notes: there"]

    execute(sqlite, *(statement for statement in commands(suspect) if statement.endswith(";")))
    mended = Project.write(tmp_path / "next", versions(two=migration("0002", "0001", f"{NOTES}\n{PRICE}")))
    assert migrate(mended, sqlite) == ""


def test_all_of_it_is_there_but_it_is_not_written_down(keeper: Keeper, tmp_path: Path, live: str) -> None:
    """As when we are killed between the last statement and its commit, where that is not one."""
    began(tmp_path, live)
    here = project(tmp_path, two=migration("0002", "0001", f"{NOTES}\n{PRICE}"))
    id = "INTEGER" if live.startswith("sqlite") else "SERIAL"
    execute(live, f"CREATE TABLE notes (id {id} NOT NULL, PRIMARY KEY (id))")
    execute(live, "ALTER TABLE orders ADD COLUMN price INTEGER")
    found = failed(keeper, here, live)

    suspect = found[Cause.PARTLY_APPLIED]
    assert suspect.says == (
        "All of 0002 (migrations/versions/two.py) is in the database, but alembic_version does not say so."
    )
    assert commands(suspect)[0] == "UPDATE alembic_version SET version_num = '0002' WHERE version_num = '0001';"
    execute(live, commands(suspect)[0])
    assert migrate(Project(here), live) == ""


def test_nothing_of_it_is_there(keeper: Keeper, tmp_path: Path, postgres: str) -> None:
    """Postgres took it all back; what somebody made by hand is named as that."""
    began(tmp_path, postgres)
    execute(postgres, "CREATE INDEX by_hand ON orders (amount)")
    two = migration("0002", "0001", f"{PRICE}\nop.execute('SELECT nothing')")
    found = failed(keeper, project(tmp_path, two=two), postgres)

    suspect = found[Cause.PARTLY_APPLIED]
    assert suspect.answer is Answer.RULED_OUT
    assert suspect.says == ("Nothing of 0002 (migrations/versions/two.py) is in the database: it is as it was before.")
    assert [one.partition(":")[0] for one in suspect.evidence] == ["not by a migration"]


# --- the place ---------------------------------------------------------------------------------------------------


def test_a_table_of_somebody_else(keeper: Keeper, server: TemporaryPostgres, tmp_path: Path, postgres: str) -> None:
    began(tmp_path, postgres)
    as_administrator(server, postgres, "ALTER TABLE orders OWNER TO postgres")
    found = failed(keeper, project(tmp_path, two=migration("0002", "0001", PRICE)), postgres)

    assert confirmed(found) == {Cause.PERMISSION}
    suspect = found[Cause.PERMISSION]
    assert suspect.says == "The account of the service may not do that: must be owner of table orders."
    assert commands(suspect)[0] == 'ALTER TABLE "orders" OWNER TO "shop";'

    as_administrator(server, postgres, commands(suspect)[0])
    assert migrate(Project(tmp_path / "next"), postgres) == ""


def test_no_right_to_create(keeper: Keeper, server: TemporaryPostgres, tmp_path: Path, postgres: str) -> None:
    began(tmp_path, postgres)
    as_administrator(server, postgres, "REVOKE CREATE ON SCHEMA public FROM shop, public")
    found = failed(keeper, project(tmp_path, two=migration("0002", "0001", NOTES)), postgres)

    assert confirmed(found) == {Cause.PERMISSION}
    assert commands(found[Cause.PERMISSION])[0] == 'GRANT CREATE ON SCHEMA "public" TO "shop";'
    as_administrator(server, postgres, commands(found[Cause.PERMISSION])[0])
    assert migrate(Project(tmp_path / "next"), postgres) == ""


@contextmanager
def somebody_writes(address: str) -> Iterator[None]:
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(address.replace("+psycopg", ""), application_name="reports") as writer:
        writer.execute("SELECT count(*) FROM orders")
        yield


def test_a_lock_that_somebody_holds(keeper: Keeper, tmp_path: Path, live: str) -> None:
    began(tmp_path, live)
    here = project(tmp_path, two=migration("0002", "0001", PRICE))
    with somebody_writes(live):
        found = failed(keeper, here, live, PGOPTIONS="-c lock_timeout=300ms")

    assert confirmed(found) == {Cause.LOCK_TIMEOUT}
    suspect = found[Cause.LOCK_TIMEOUT]
    assert suspect.says == "Somebody else held a lock for longer than a migration waits for one."
    if live.startswith("postgresql"):
        [holder] = [one for one in suspect.evidence if one.startswith("session ")]
        assert re.match(r"session \d+ of shop \(reports\) is idle in transaction, holds orders, \d+ s in its", holder)
        assert any(re.fullmatch(r"SELECT pg_terminate_backend\(\d+\);", one) for one in commands(suspect))


def test_ending_who_holds_it_as_printed_helps(keeper: Keeper, tmp_path: Path, postgres: str) -> None:
    began(tmp_path, postgres)
    here = project(tmp_path, two=migration("0002", "0001", PRICE))
    with pytest.raises(psycopg.OperationalError), somebody_writes(postgres):
        found = failed(keeper, here, postgres, PGOPTIONS="-c lock_timeout=300ms")
        who, end = commands(found[Cause.LOCK_TIMEOUT])[:2]
        execute(postgres, who, end)
        assert migrate(Project(here), postgres) == ""


def test_a_statement_that_takes_too_long(keeper: Keeper, tmp_path: Path, postgres: str) -> None:
    began(tmp_path, postgres)
    here = project(tmp_path, two=migration("0002", "0001", "op.execute('SELECT pg_sleep(5)')"))
    found = failed(keeper, here, postgres, PGOPTIONS="-c statement_timeout=200ms")

    assert confirmed(found) == {Cause.TIME_OUT}


def test_rows_that_do_not_fit(keeper: Keeper, tmp_path: Path, live: str) -> None:
    began(tmp_path, live, rows=True)
    unique = 'op.create_index("one_each", "orders", ["item"], unique=True)'
    found = failed(keeper, project(tmp_path, two=migration("0002", "0001", unique)), live)

    assert confirmed(found) == {Cause.ROWS}
    assert found[Cause.ROWS].says == "There are rows in the table that the migration does not fit."
    assert commands(found[Cause.ROWS]) == ["# migrations/versions/two.py:8"]


def test_a_database_that_is_away(keeper: Keeper, tmp_path: Path) -> None:
    address = f"postgresql+psycopg://shop:{PASSWORD}@127.0.0.1:1/shop"
    found = failed(keeper, project(tmp_path), address)

    assert confirmed(found) == {Cause.UNREACHABLE}
    suspect = found[Cause.UNREACHABLE]
    assert "Connection refused" in suspect.says
    assert commands(suspect) == ['psql "$DATABASE_URL" --command="SELECT 1"']


def test_a_wrong_password(keeper: Keeper, tmp_path: Path, postgres: str) -> None:
    wrong = postgres.replace(PASSWORD, "another")
    found = failed(keeper, project(tmp_path), wrong)
    assert confirmed(found) == {Cause.UNREACHABLE}
    assert "password authentication failed" in found[Cause.UNREACHABLE].says


def test_a_file_that_may_not_be_written(keeper: Keeper, tmp_path: Path, sqlite: str) -> None:
    began(tmp_path, sqlite)
    here = Project(project(tmp_path))
    found = examined(keeper, here, sqlite, "sqlalchemy.exc.OperationalError: attempt to write a readonly database")

    assert confirmed(found) == {Cause.PERMISSION}
    assert commands(found[Cause.PERMISSION])[0] == f"chown nobody {tmp_path}/live.db {tmp_path}"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("psycopg.errors.DeadlockDetected: deadlock detected\nDETAIL: Process 7 waits for ShareLock", Cause.DEADLOCK),
        ("could not extend file: No space left on device", Cause.DISK_FULL),
        ("sqlite3.OperationalError: database or disk is full", Cause.DISK_FULL),
        ("FATAL: sorry, too many clients already", Cause.UNREACHABLE),
        ("FATAL: the database system is starting up", Cause.UNREACHABLE),
        ("server closed the connection unexpectedly", Cause.UNREACHABLE),
        ("psycopg.errors.InsufficientPrivilege: permission denied for table orders", Cause.PERMISSION),
        ("The migrations: it was not done within 900 s", Cause.TIME_OUT),
    ],
)
def test_what_is_hard_to_bring_about_is_known_by_its_words(tmp_path: Path, said: str, cause: Cause) -> None:
    case = Case(SCHEMA, Project(project(tmp_path)), "postgresql://shop@db/shop", said, "nobody")
    found = suspects(Signs(case, Seen("postgres"), (), ("0001",), ()))
    assert {one.cause for one in found if one.answer is Answer.CONFIRMED} == {cause}


def test_where_all_is_well_nothing_is_confirmed_and_nothing_changed(
    keeper: Keeper, tmp_path: Path, postgres: str
) -> None:
    began(tmp_path, postgres)
    before = into_postgres(postgres)
    found = examined(keeper, Project(project(tmp_path)), postgres, "")

    assert confirmed(found) == set()
    assert found[Cause.PARTLY_APPLIED].says == "Every migration of this revision is applied."
    assert into_postgres(postgres) == before
