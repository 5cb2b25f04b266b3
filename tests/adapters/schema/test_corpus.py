"""The proof of migrations on histories with known faults: all are found where they are, and nothing else."""

import re
from pathlib import Path

import pytest

from staging_gate.adapters.schema.alembic_tool import Alembic
from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.postgres import PostgresDatabases
from staging_gate.adapters.schema.proving import Proof
from staging_gate.adapters.schema.sqlite import SqliteDatabases
from staging_gate.testing.postgres import TemporaryPostgres
from tests.adapters.schema.corpus import ALL, History
from tests.adapters.schema.projects import SCHEMA, Project, fill

MARK = re.compile(r"#\s*<- (.+)$")


@pytest.mark.parametrize(
    ("history", "kind"),
    [pytest.param(history, kind, id=f"{history.name}, {kind}") for history in ALL for kind in history.kinds],
)
def test_a_history(history: History, kind: str, tmp_path: Path, server: TemporaryPostgres) -> None:
    project = Project.write(tmp_path, history.files, history.models)
    databases: Databases = (
        PostgresDatabases(server.address, "postgresql+psycopg") if kind == "postgres" else SqliteDatabases(tmp_path)
    )
    report = Proof("api", Alembic(), SCHEMA, project, databases, history.since, fill).report()

    wanted = marked(history)
    found = {(one.path, one.line, one.code) for one in report.findings}
    assert wanted - found == set(), "\n".join(map(str, report.findings))
    assert {one for one in found - wanted if one[2] not in history.tolerates} == set(), "\n".join(
        map(str, report.findings)
    )
    assert all(any(words in said for said in report.unknown) for words in history.unknown), report.unknown
    assert bool(report.unknown) == bool(history.unknown), report.unknown


def test_the_corpus_is_large_enough() -> None:
    assert len(ALL) >= 40
    assert len({history.name for history in ALL}) == len(ALL)


def marked(history: History) -> set[tuple[str, int, str]]:
    return {
        (path, number, code)
        for path, text in history.files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (mark := MARK.search(line))
        for code in mark[1].split(", ")
    }
