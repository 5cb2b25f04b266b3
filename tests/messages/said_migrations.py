"""What is said about migrations, and with which examples."""

from dataclasses import replace
from datetime import date
from typing import Any

from staging_gate.domain.migration import Exemption, Finding, MigrationReport, ProofRules, Rows, Severity, judge
from staging_gate.messages import migrations

LOST = Finding(
    "rows_lost", Severity.WARNING, "versions/0007_drafts.py", 12, "draft had 12 rows and has 0",
    "No downgrade brings them back.", "If it is meant, say so with an exemption; keep a copy.",
)  # fmt: skip
REWRITE = Finding(
    "table_rewrite", Severity.WARNING, "versions/0008_amount.py", 9, "it writes orders anew (1,200 rows on the clone)",
    "Nobody can read or write the table meanwhile.", "Add a new column and copy in small parts.",
)  # fmt: skip
BROKEN = Finding(
    "syntax_error", Severity.ERROR, "versions/0009_x.py", 3, "invalid syntax", "No migration runs.", "Mend it."
)
GIVEN = Exemption("rows_lost", "versions/0007_*.py", "no release reads drafts any more", date(2026, 12, 31))
OLD = Exemption("long_lock", "versions/*", "at night", date(2026, 1, 31))
UNUSED = Exemption("renaming-table", "versions/0001_*.py", "a view has the old name")
RAW = MigrationReport(
    service="api",
    findings=(LOST, REWRITE),
    since=("0006",),
    new=("versions/0007_drafts.py", "versions/0008_amount.py"),
    rows=(Rows("draft", 12, 0),),
    unknown=("squawk is not installed, so its rules about SQL were not asked.",),
    seconds=4.25,
)
JUDGED = judge([RAW], ProofRules({"table_rewrite": Severity.ERROR}, (GIVEN, OLD, UNUSED)), date(2026, 3, 5))[0]
LOWERED = judge([RAW], ProofRules({"table_rewrite": Severity.NOTE}), date(2026, 3, 5))[0]
BAD = replace(RAW, findings=(BROKEN, BROKEN), since=None, new=(), rows=(), unknown=())

SAID: dict[Any, list[tuple[Any, ...]]] = {
    migrations.summary: [([RAW],), ([JUDGED],), ([LOWERED],), ([BAD],), ([replace(BAD, findings=())],)],
    migrations.text: [(RAW,), (JUDGED,), (LOWERED,), (BAD,), (replace(BAD, findings=()),)],
    migrations.head: [(RAW,), (BAD,)],
    migrations.notes: [(LOST,), (REWRITE,), (LOWERED.findings[1],), *((finding,) for finding in JUDGED.findings)],
    migrations.idle: [(OLD, JUDGED), (UNUSED, JUDGED)],
    migrations.without_report: [("v1.4.0",)],
}
