"""`gate migrations`: what was found, and what to do instead."""

import json

from staging_gate.testing.serving import Served
from tests.cli.conftest import Run
from tests.messages.said_migrations import JUDGED, LOWERED
from tests.server.test_migrations import reported


def test_what_was_found_is_shown_with_its_place_and_what_to_do(served: Served, run: Run) -> None:
    change = reported(served, "feature/told")
    told = run("migrations", str(change.number))

    assert told.exit_code == 1, "an error was found"
    assert "migrations of api, from 0006" in told.output
    assert "  rows of draft: 12 before, 0 after" in told.output
    lines = [" ".join(line.split()) for line in told.output.splitlines()]
    assert "severity rule where what" in lines
    assert "exempted rows_lost versions/0007_drafts.py:12 draft had 12 rows and has 0" in lines
    place = "table_rewrite versions/0008_amount.py:9"
    assert f"error {place} it writes orders anew (1,200 rows on the clone)" in lines
    at = lines.index(place)
    assert lines[at + 1 : at + 5] == [
        "raised by gate.yaml from warning to error",
        "production needs a maintenance window for it",
        "Nobody can read or write the table meanwhile.",
        "-> Add a new column and copy in small parts.",
    ]
    assert "not known: squawk is not installed, so its rules about SQL were not asked." in lines
    assert (
        f"what was found about its migrations: `gate migrations {change.number}`"
        in run("change", "show", str(change.number)).output
    )


def test_warnings_alone_are_no_failure(served: Served, run: Run) -> None:
    change = reported(served, "feature/lowered")
    with served.house.ports.store.transaction() as tx:
        tx.migration_reports.put(change.mergeable_tree() or "", LOWERED, tx.at)
    told = run("migrations", str(change.number), "--json")

    assert told.exit_code == 0
    assert len(json.loads(told.output)["reports"][0]["report"]["findings"]) == len(JUDGED.findings)


def test_what_is_unknown_is_told(run: Run) -> None:
    told = run("migrations", "main")
    assert (told.exit_code, "wanted one such as 12 or v1.4.0" in told.output) == (2, True)
