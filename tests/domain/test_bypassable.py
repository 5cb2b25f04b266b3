"""What can be bypassed at all: named here, so that nobody adds to it in passing."""

import re
from pathlib import Path

from staging_gate.domain import gate

RULES = Path(gate.__file__).parent / "rules"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "bypass.md"
CALENDAR = {"announced", "freeze", "needs_maintenance_window", "release_in_preparation", "window"}
PROOF = {"migrations_proved", "no_critical_bugs", "tested_by_a_person", "verified_in_staging", "way_back_proved"}
WORDS = {"changes_requested"}
"""A request for changes stands until its author comes back; a tech lead may answer for that."""

CODES = {
    "changes_requested",
    "critical_bugs",
    "critical_bugs_unknown",
    "freeze",
    "holiday",
    "migrations_not_proved",
    "needs_maintenance_window",
    "not_announced",
    "not_tested_by_a_person",
    "not_verified_in_staging",
    "outside_window",
    "release_in_preparation",
    "way_back_irreversible",
    "way_back_unproved",
}


def test_only_proof_calendar_and_requests_can_be_bypassed() -> None:
    """Never checks, approvals, conflicts, the flow, tags, rights, holds or quarantines."""
    assert {file.stem for file in RULES.glob("*.py") if "bypass=" in file.read_text()} == CALENDAR | PROOF | WORDS


def test_the_page_names_them() -> None:
    table = "".join(
        line.rpartition("|")[0].rpartition("|")[0] for line in PAGE.read_text().splitlines() if "| `" in line
    )
    assert set(re.findall(r"`([a-z_]+)`", table)) == CODES
