"""From an empty database to our tables; from there on nothing, quickly."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, event, inspect

from staging_gate.engine import tables as engine_tables
from staging_gate.engine import writing
from staging_gate.store import tables, upgrade
from staging_gate.store.migrations import HEAD, NewerDatabase, script_location, version


def test_an_empty_database_gets_all_tables(empty: Engine) -> None:
    upgrade(empty)
    expected = {"alembic_version", *tables.metadata.tables, *engine_tables.metadata.tables}
    assert set(inspect(empty).get_table_names()) == expected


def test_the_migrations_and_the_tables_say_the_same(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection)
        both: list[MetaData] = [tables.metadata, engine_tables.metadata]
        assert compare_metadata(context, both) == []  # type: ignore[arg-type]


def test_the_head_that_we_remember_is_the_last_revision() -> None:
    assert ScriptDirectory(script_location()).get_heads() == [HEAD]


def test_a_second_upgrade_does_nothing(database: Engine) -> None:
    with _statements_of(database) as statements:
        upgrade(database)
    assert statements
    assert not [sql for sql in statements if not sql.lstrip().upper().startswith(("SELECT", "PRAGMA"))]


def test_when_nothing_is_new_alembic_is_not_even_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from staging_gate.engine import connect; from staging_gate.store import upgrade;"
        "upgrade(connect(sys.argv[1])); print('alembic' in sys.modules)"
    )
    argv = [sys.executable, "-c", code, f"sqlite:///{tmp_path}/gate.db"]
    environ = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    said = [subprocess.run(argv, env=environ, capture_output=True, text=True).stdout for _ in range(2)]
    assert said == ["True\n", "False\n"]


def test_a_database_of_a_newer_version_is_left_alone(database: Engine) -> None:
    with writing(database) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabase, match="The database is at revision 9999, and this version of Staging Gate"):
        upgrade(database)


def test_a_migration_that_breaks_leaves_nothing(empty: Engine) -> None:
    with writing(empty) as connection:
        connection.exec_driver_sql("CREATE TABLE worker (in_the_way INTEGER)")
    with pytest.raises(Exception, match="worker"):
        upgrade(empty)
    assert inspect(empty).get_table_names() == ["worker"]


def test_two_processes_that_start_at_once_migrate_once(empty: Engine) -> None:
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(upgrade, empty) for _ in range(2)]:
            done.result()
    with empty.connect() as connection:
        assert version(connection) == HEAD
        assert connection.exec_driver_sql("SELECT count(*) FROM environment").scalar_one() == 2


def test_the_way_back_leaves_nothing_behind(database: Engine) -> None:
    with writing(database) as connection:
        config = Config()
        config.set_main_option("script_location", script_location())
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(database).get_table_names() == ["alembic_version"]
    upgrade(database)


def test_finding_that_nothing_is_new_is_quick(database: Engine) -> None:
    assert min(_seconds(lambda: upgrade(database)) for _ in range(5)) < 0.1


def _seconds(act: Callable[[], None]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


@contextmanager
def _statements_of(database: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def remember(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(database, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(database, "before_cursor_execute", remember)
