"""What every `SchemaTool` promises, kept by each of ours on each kind of database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from staging_gate.adapters.schema.alembic_tool import Alembic
from staging_gate.adapters.schema.command_tool import CommandTool
from staging_gate.adapters.schema.databases import Databases, Snapshot, differences
from staging_gate.domain.service import Schema
from staging_gate.ports.errors import Refused
from staging_gate.ports.schema_tool import SchemaTool
from tests.adapters.schema import plain, projects
from tests.adapters.schema.projects import Project, migration, versions


@dataclass(frozen=True)
class Side:
    """One tool, and how a project of it is written whose second migration goes up and down by these statements."""

    tool: SchemaTool
    schema: Schema
    write: Callable[[Path, str, str], Project]
    tells: bool


def with_alembic(folder: Path, up: str, down: str) -> Project:
    second = migration("0002_next", "0001", f'op.execute("""{up}""")', f'op.execute("""{down}""")')
    return Project.write(folder, versions(**{"0002_next": second}))


def with_commands(folder: Path, up: str, down: str) -> Project:
    return plain.project(folder, {"0002_next": plain.sql(up, down)})


SIDES = {
    "alembic": Side(Alembic(), projects.SCHEMA, with_alembic, tells=True),
    "commands": Side(CommandTool(), plain.SCHEMA, with_commands, tells=False),
}
ADD, DROP = "ALTER TABLE orders ADD COLUMN ext text", "ALTER TABLE orders DROP COLUMN ext"


@pytest.fixture(params=SIDES)
def side(request: pytest.FixtureRequest) -> Side:
    return SIDES[request.param]


@pytest.fixture
def clone(databases: Databases) -> Iterator[str]:
    with databases.clone() as address:
        yield address


def tables(snapshot: Snapshot) -> Snapshot:
    """Without the tools' own: `done` is that of the small one."""
    return {name: text for name, text in snapshot.items() if "done" not in name}


def test_up_down_and_where_it_stands(side: Side, databases: Databases, clone: str, tmp_path: Path) -> None:
    first, both = side.write(tmp_path / "first", "SELECT 1", "SELECT 1"), side.write(tmp_path / "both", ADD, DROP)
    (first.tree / "migrations/0002_next.sql").unlink(missing_ok=True)
    (first.tree / "migrations/versions/0002_next.py").unlink(missing_ok=True)
    with side.tool.open(first, side.schema, clone) as session:
        assert session.current() == ()
        assert session.upgrade().ok
        [before] = session.current()
    schema = tables(databases.snapshot(clone))

    with side.tool.open(both, side.schema, clone) as session:
        moved = session.upgrade()
        assert moved.ok and moved.done
        assert session.current() == ("0002_next",)
        assert "column orders.ext" in databases.snapshot(clone)

        assert session.downgrade(before).ok
        assert session.current() == (before,)
        assert differences(schema, tables(databases.snapshot(clone))) == []

        assert session.upgrade().ok
        assert session.downgrade("").ok
        assert session.current() == ()
        assert "column orders.id" not in databases.snapshot(clone)


def test_nothing_new_is_done_without_harm(side: Side, clone: str, tmp_path: Path) -> None:
    with side.tool.open(side.write(tmp_path, ADD, DROP), side.schema, clone) as session:
        assert session.upgrade().ok
        assert session.upgrade().ok
        assert session.current() == ("0002_next",)


def test_a_migration_that_fails_says_why(side: Side, clone: str, tmp_path: Path) -> None:
    site = side.write(tmp_path, "UPDATE nothing SET x = 1", DROP)
    with side.tool.open(site, side.schema, clone) as session:
        moved = session.upgrade()

        assert not moved.ok
        assert moved.failed in ("0002_next", "")
        assert "nothing" in moved.error
        assert "0002_next" not in session.current()


def test_a_downgrade_that_fails_says_why(side: Side, clone: str, tmp_path: Path) -> None:
    site = side.write(tmp_path, ADD, "DROP TABLE nothing")
    with side.tool.open(site, side.schema, clone) as session:
        session.upgrade()
        moved = session.downgrade("")

        assert not moved.ok and "nothing" in moved.error
        assert session.current() == ("0002_next",)


def test_what_it_can_not_tell_is_none_and_never_nothing(side: Side, clone: str, tmp_path: Path) -> None:
    site = side.write(tmp_path, ADD, DROP)
    with side.tool.open(site, side.schema, clone) as session:
        history = session.history()
        assert (side.tool.heads(site.tree, side.schema) is not None) == side.tells
        assert (history is not None) == side.tells
        session.upgrade()
        assert (session.drift() is not None) == side.tells
        for migration in history or ():
            assert session.sql(migration) is not None
        if history is None:
            with pytest.raises(Refused, match=r"goes to the newest revision alone, not to 0001\."):
                session.upgrade("0001")


def test_a_history_is_told_from_its_beginning_with_its_files(side: Side, clone: str, tmp_path: Path) -> None:
    site = side.write(tmp_path, ADD, DROP)
    with side.tool.open(site, side.schema, clone) as session:
        for migration in session.history() or ():
            assert (site.tree / migration.path).is_file()
            assert migration.line > 0


def test_a_clean_tree_has_no_findings_and_one_without_migrations_has(side: Side, tmp_path: Path) -> None:
    site = side.write(tmp_path, ADD, DROP)
    assert [finding for finding in side.tool.scan(site.tree, side.schema) if finding.severity == "error"] == []

    (site.tree / "migrations").rename(site.tree / "elsewhere")

    [finding] = side.tool.scan(site.tree, side.schema)
    assert (finding.code, finding.path, finding.line) == ("no_migrations", side.schema.config, 1)


def test_a_tool_that_can_not_start_is_refused_with_its_own_words(side: Side, clone: str, tmp_path: Path) -> None:
    site = side.write(tmp_path, ADD, DROP)
    for name in ("models.py", "migrate.py"):
        (site.tree / name).write_text("import nothing_like_that\n")
    with pytest.raises(Refused) as caught, side.tool.open(site, side.schema, clone) as session:
        session.current()

    assert "nothing_like_that" in caught.value.evidence
