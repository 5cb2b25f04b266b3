"""What was found about migrations: on the pages of its change and release, and as JSON."""

import json
from datetime import date
from pathlib import Path

import pytest

from staging_gate.domain.change import Change
from staging_gate.testing.serving import Served
from staging_gate.wire.api import Api, ApiProblem
from tests.messages.said_migrations import JUDGED
from tests.server.test_api import ask

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "migrations.schema.json"


def reported(served: Served, branch: str) -> Change:
    """A change whose code was proved."""
    served.commit(branch, {"index.html": branch}, f"feat: {branch}", start="staging")
    number = Api(served.address, served.token_of("ada")).post("/changes", source=branch, target="staging")["number"]
    store = served.house.ports.store
    with store.transaction() as tx:
        change = tx.changes.get(number)
        assert change
        tx.migration_reports.put(change.mergeable_tree() or "", JUDGED, tx.at)
    return change


def test_the_page_of_a_change_shows_what_was_found(served: Served) -> None:
    change = reported(served, "feature/page-of-migrations")
    status, body, _ = ask(served, "GET", f"/changes/{change.number}", cookie=served.cookie)

    assert status == 200
    for said in (
        "migrations of api, from 0006",
        "rows of draft: 12 before, 0 after",
        "<code>versions/0008_amount.py:9</code> table_rewrite",
        "raised by gate.yaml from warning to error",
        "exempted until 2026-12-31: no release reads drafts any more",
        "Add a new column and copy in small parts.",
        "squawk is not installed, so its rules about SQL were not asked.",
        "exempts nothing: remove it from gate.yaml, or correct its path",
    ):
        assert said in body


def test_the_answer_is_as_it_is_documented(served: Served, ada: Api) -> None:
    change = reported(served, "feature/json-of-migrations")
    found = ada.get(f"/migrations/{change.number}")

    documented = json.loads(SCHEMA.read_text())
    assert set(found) == set(documented["properties"])
    assert set(found["reports"][0]["report"]) == set(documented["$defs"]["MigrationReport"]["properties"])
    assert found["subject"] == f"change {change.number}"
    assert [each["code"] for each in found["reports"][0]["report"]["findings"]] == ["rows_lost", "table_rewrite"]
    assert found["reports"][0]["report"]["judged_on"] == date(2026, 3, 5).isoformat()
    assert found["said"] == ""


def test_where_nothing_was_proved_that_is_told(served: Served, ada: Api) -> None:
    served.commit("feature/no-migrations", {"index.html": "none"}, "feat: none", start="staging")
    number = ada.post("/changes", source="feature/no-migrations", target="staging")["number"]
    found = ada.get(f"/migrations/{number}")

    assert found["reports"] == []
    assert found["said"].startswith(f"Nothing is known about the migrations of change {number}: no check that `proves:")


def test_the_page_of_a_release_shows_what_was_found(served: Served, ada: Api) -> None:
    served.commit("staging", {"index.html": "release with migrations"}, "feat: migrations")
    release = ada.post("/releases")
    try:
        store = served.house.ports.store
        with store.transaction() as tx:
            change = tx.changes.get(release["change"])
            assert change
            tx.migration_reports.put(change.mergeable_tree() or "", JUDGED, tx.at)
        _, body, _ = ask(served, "GET", f"/releases/{release['tag']}", cookie=served.cookie)
        assert "<code>versions/0008_amount.py:9</code> table_rewrite" in body
        assert ada.get(f"/migrations/{release['tag']}")["reports"] != []
    finally:
        ada.post(f"/releases/{release['tag']}/withdraw")


def test_what_is_neither_a_change_nor_a_release_is_refused(ada: Api) -> None:
    with pytest.raises(ApiProblem, match="'main' is neither a change nor a release: wanted one such as 12"):
        ada.get("/migrations/main")
    with pytest.raises(ApiProblem, match="There is no change 4711"):
        ada.get("/migrations/4711")
