"""The proof with a tool that is three commands: what it tells, and what it says that it can not."""

from dataclasses import replace
from pathlib import Path

from staging_gate.adapters.schema.command_tool import CommandTool
from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.proving import Proof
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.service import Schema
from tests.adapters.schema.plain import SCHEMA, project, sql
from tests.adapters.schema.projects import Project, fill

NOT_TOLD = (
    "The commands tell neither the single migrations nor their SQL: they were tried all at once, and the rules about "
    "SQL were not asked."
)
NO_DRIFT = "Whether the models fit the migrations could not be told."
NEXT = "migrations/0002_next.sql"


def proved(
    databases: Databases, folder: Path, up: str, down: str, schema: Schema = SCHEMA, live: Project | None = None
) -> MigrationReport:
    """From a production that has the first migration."""
    live = live or project(folder / "production")
    site = project(folder / "change", {"0002_next": sql(up, down)})
    return Proof("api", CommandTool(), schema, site, databases, None, fill, live).report()


def test_a_clean_one_passes_and_says_what_is_not_known(databases: Databases, tmp_path: Path) -> None:
    report = proved(databases, tmp_path, "ALTER TABLE orders ADD COLUMN ext text", "ALTER TABLE orders DROP COLUMN ext")

    assert (report.passed, report.findings) == (True, ())
    assert (report.since, report.new) == (("0001_orders",), (NEXT,))
    assert report.unknown == (NOT_TOLD, NO_DRIFT)


def test_before_the_first_release_it_goes_up_from_nothing(databases: Databases, tmp_path: Path) -> None:
    report = Proof("api", CommandTool(), SCHEMA, project(tmp_path), databases, None, fill).report()

    assert (report.findings, report.since, report.new) == ((), None, ("migrations/0001_orders.sql",))


def test_what_fails_on_rows_has_its_file_and_line(databases: Databases, tmp_path: Path) -> None:
    up = "CREATE TABLE tags (id integer);\nCREATE UNIQUE INDEX one_each ON orders (item)"
    report = proved(databases, tmp_path, up, "DROP INDEX one_each;\nDROP TABLE tags")

    [finding] = report.findings
    assert (finding.code, finding.path) == ("fails_on_data", NEXT)
    assert finding.what.startswith("going up with data fails: `python migrate.py up` ended with exit code 1: ")


def test_lost_rows_have_their_file_and_line(databases: Databases, tmp_path: Path) -> None:
    report = proved(databases, tmp_path, "SELECT 1;\nDELETE FROM orders WHERE amount > 10", "SELECT 1")

    [finding] = report.findings
    assert (finding.code, finding.place) == ("rows_lost", f"{NEXT}:2")
    assert [(rows.table, rows.before, rows.after) for rows in report.rows if rows.table == "orders"] == [
        ("orders", 500, 11)
    ]


def test_a_way_back_that_leaves_something(databases: Databases, tmp_path: Path) -> None:
    report = proved(databases, tmp_path, "CREATE TABLE tags (id integer)", "SELECT 1")

    assert "after going down again the schema differs: + table tags: there" in [one.what for one in report.findings]
    assert {one.code for one in report.findings} == {"downgrade_differs", "upgrade_fails"}


def test_a_tool_that_only_says_it_went_back(databases: Databases, tmp_path: Path) -> None:
    assert SCHEMA.commands
    nowhere = replace(SCHEMA.commands, downgrade=("python", "-c", "pass", "$REVISION"))
    report = proved(databases, tmp_path, "SELECT 1", "SELECT 1", replace(SCHEMA, commands=nowhere))

    assert [one.what for one in report.findings] == [
        "going down fails: it ended well, but the database is at 0002_next, not at 0001_orders"
    ]


def test_tables_written_anew_are_seen_without_knowing_the_sql(postgres: Databases, tmp_path: Path) -> None:
    up = "SELECT 1;\nALTER TABLE orders ALTER COLUMN amount TYPE bigint"
    report = proved(postgres, tmp_path, up, "ALTER TABLE orders ALTER COLUMN amount TYPE integer")

    assert [(one.code, one.place) for one in report.findings] == [("table_rewrite", f"{NEXT}:2")]


def test_without_a_folder_it_says_that_it_does_not_know_what_is_new(databases: Databases, tmp_path: Path) -> None:
    report = proved(databases, tmp_path, "DELETE FROM orders", "SELECT 1", replace(SCHEMA, files=""))

    assert report.new == ("0001_orders -> 0002_next",)
    assert "`schema` names no folder of migrations (`files`), so which of them are new is not known." in report.unknown
    assert [(one.code, one.place) for one in report.findings] == [("rows_lost", "gate.yaml:1")]


def test_production_that_can_not_be_brought_there_is_said(databases: Databases, tmp_path: Path) -> None:
    live = project(tmp_path / "live", {"0000_broken": sql("DROP TABLE nothing", "SELECT 1")})

    report = proved(databases, tmp_path, "SELECT 1", "SELECT 1", live=live)

    assert [one.what.partition(":")[0] for one in report.findings] == ["going up to where production is fails"]
