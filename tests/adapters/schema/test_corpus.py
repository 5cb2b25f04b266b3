"""The proof of migrations on histories with known faults: all are found where they are, and nothing else."""

from pathlib import Path

import pytest

from staging_gate.adapters.schema.alembic_tool import Alembic
from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.postgres import PostgresDatabases
from staging_gate.adapters.schema.proving import Proof
from staging_gate.adapters.schema.sqlite import SqliteDatabases
from staging_gate.domain.migration import MigrationReport
from staging_gate.testing.postgres import TemporaryPostgres
from tests.adapters.schema import corpus_page
from tests.adapters.schema.conftest import SEEN
from tests.adapters.schema.corpus import ALL, History
from tests.adapters.schema.corpus_page import marked
from tests.adapters.schema.projects import SCHEMA, Project, fill


@pytest.mark.parametrize(
    ("history", "kind"),
    [pytest.param(history, kind, id=f"{history.name}, {kind}") for history in ALL for kind in history.kinds],
)
def test_a_history(
    history: History, kind: str, tmp_path: Path, server: TemporaryPostgres, request: pytest.FixtureRequest
) -> None:
    project = Project.write(tmp_path, history.files, history.models)
    databases: Databases = (
        PostgresDatabases(server.address, "postgresql+psycopg") if kind == "postgres" else SqliteDatabases(tmp_path)
    )
    report = Proof("api", Alembic(), SCHEMA, project, databases, history.since, fill).report()

    note(request.config, history.name, kind, report)
    wanted = marked(history)
    found = {(one.path, one.line, one.code) for one in report.findings}
    assert wanted - found == set(), "\n".join(map(str, report.findings))
    assert {one for one in found - wanted if one[2] not in history.tolerates} == set(), "\n".join(
        map(str, report.findings)
    )
    assert all(any(words in said for said in report.unknown) for words in history.unknown), report.unknown
    assert bool(report.unknown) == bool(history.unknown), report.unknown


def note(config: pytest.Config, name: str, kind: str, report: MigrationReport) -> None:
    """For the table at the end of the run."""
    found = [f"{Path(one.path).name}:{one.line} {one.code}" for one in report.findings]
    config.stash.setdefault(SEEN, []).append((name, kind, found or ["nothing"]))


def test_the_corpus_is_large_enough() -> None:
    assert len(ALL) >= 40
    assert len({history.name for history in ALL}) == len(ALL)


def test_the_page_is_current() -> None:
    how = "run: PYTHONPATH=src python -m tests.adapters.schema.corpus_page"
    assert corpus_page.PAGE.read_text(encoding="utf-8") == corpus_page.page(), how
