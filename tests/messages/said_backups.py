"""Examples of what backups and diagnoses say."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from staging_gate.domain.backup import Backup, BackupProof, RestorePlan
from staging_gate.domain.diagnosis import Answer, Cause, Diagnosis, Next, Suspect
from staging_gate.messages import backups, diagnoses
from tests.domain.nouns import AT, EARLIER, LIVE

RESTORED = BackupProof.RESTORED
BACKUP = Backup("production-3", "api", AT, "postgres", "/backups/3", 5_200_000, "8" * 64, ("0007",), 4, 1200, RESTORED)
KEPT = replace(BACKUP, seconds=2.5, remove_at=AT + timedelta(days=14))
SMALL = replace(BACKUP, size=40, tables=1, rows=1, revisions=(), proof=BackupProof.LISTED, note="no server")
GONE = replace(KEPT, removed_at=AT + timedelta(days=15))

TAKEN = backups.Around(LIVE, EARLIER, stays=False, quarantined=False)
STAYS = backups.Around(LIVE, EARLIER, stays=True, quarantined=False, holds=("hold-1",))
FIRST = backups.Around(LIVE, None, stays=False, quarantined=True)
PLAN = RestorePlan(LIVE.id, "v1.0.0", (KEPT,), backups.before_restoring(TAKEN), backups.lost([KEPT]))

HEADS = Suspect(
    Cause.SEVERAL_HEADS,
    Answer.CONFIRMED,
    "There are 2 last revisions (0002, 0003), so which to go to is not known.",
    ("migrations/versions/0003.py:1: it is a second head",),
    (Next("a migration that joins them", "alembic merge 0002 0003"),),
)
WELL = Suspect(Cause.DISK_FULL, Answer.RULED_OUT, "No full disk was seen.")
OPEN = Suspect(Cause.PARTLY_APPLIED, Answer.UNKNOWN, "The database can not be looked into.")
FOUND = Diagnosis("production-3", "production", "api", (WELL, HEADS, OPEN))
NOT_FOUND = replace(FOUND, suspects=(WELL, OPEN))

SAID: Mapping[Callable[..., Any], list[tuple[Any, ...]]] = {
    backups.made: [(KEPT,), (SMALL,), (GONE,)],
    backups.proved: [(KEPT,), (SMALL,)],
    backups.kept_until: [(BACKUP,), (KEPT,), (GONE,)],
    backups.size: [(BACKUP,), (SMALL,)],
    backups.none_by_policy: [("the provider makes one every hour",)],
    backups.removed: [(KEPT,)],
    backups.no_backups: [("production-3",)],
    backups.no_backup_at_all: [()],
    backups.lost: [([KEPT],)],
    backups.file_is_gone: [(KEPT,)],
    backups.before_restoring: [(TAKEN,), (STAYS,), (FIRST,)],
    backups.restore: [(KEPT,)],
    backups.after_restoring: [(TAKEN,), (STAYS,), (FIRST,)],
    backups.plan_lines: [(PLAN,)],
    diagnoses.sentence: [(FOUND,), (NOT_FOUND,)],
    diagnoses.heading: [(FOUND,)],
    diagnoses.lines: [(FOUND,), (FOUND, False), (NOT_FOUND,)],
    diagnoses.nothing_failed: [()],
    diagnoses.no_schema: [("web",)],
}
