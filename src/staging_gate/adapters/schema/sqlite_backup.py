"""Copies of SQLite databases, by SQLite's own online backup."""

import os
import shlex
import shutil
import sqlite3
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from staging_gate.adapters.schema.databases import OWN
from staging_gate.adapters.schema.sqlite import TABLES
from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.ports.databases import Copied, CopyJob
from staging_gate.ports.errors import Stopped, Unavailable

MARGIN = 50_000_000
"""Bytes that are left free beside a copy."""

PAGES = 4096
"""How many are copied before we look whether somebody stops us."""

Counts = dict[str, int]


def copy(database: Path, job: CopyJob) -> Copied | None:
    """As whoever we are. One read transaction counts and copies, so both see the same moment."""
    if not database.is_file():
        return None
    needed = database.stat().st_size + MARGIN
    if (free := shutil.disk_usage(job.file.parent).free) < needed:
        raise no_room(job.file.parent, free, needed)
    os.close(os.open(job.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(_open(database, "mode=rw")) as source:
            source.execute("PRAGMA query_only = ON")
            source.execute("BEGIN")
            counted = _counts(source)
            if not set(counted) - {OWN}:
                return None
            revisions = _revisions(source, counted)
            _transfer(source, job)
        _prove(job.file, counted)
    except sqlite3.Error as error:
        raise Unavailable(f"The database {database} can not be copied: {error}.") from error
    return Copied("sqlite", revisions, len(counted), sum(counted.values()), BackupProof.RESTORED)


def revisions(database: Path) -> tuple[str, ...] | None:
    if not database.is_file():
        return ()
    try:
        with closing(_open(database, "mode=rw")) as source:
            source.execute("PRAGMA query_only = ON")
            return _revisions(source, _names(source))
    except sqlite3.Error:
        return None


def restoring(database: Path, backup: Backup) -> tuple[str, ...]:
    aside = f"{database}.before-{backup.deployment}"
    moved = [
        f"[ ! -e {shlex.quote(f'{database}{end}')} ] || "
        f"mv -- {shlex.quote(f'{database}{end}')} {shlex.quote(f'{aside}{end}')}"
        for end in ("", "-wal", "-shm", "-journal")
    ]
    how = ["install", f"--mode={_mode(database):04o}", *_owner(database), "--", backup.file, str(database)]
    return (*moved, shlex.join(how))


def no_room(folder: Path, free: int, needed: int) -> Unavailable:
    return Unavailable(
        f"There is no room for a backup in {folder}: {free // 1_000_000:,} MB are free and {needed // 1_000_000:,} MB "
        "are needed. Free some, or move the state folder to a larger disk."
    )


def _open(database: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?{how}", uri=True, timeout=10.0, isolation_level=None)


def _names(source: sqlite3.Connection) -> list[str]:
    return [name for (name,) in source.execute(TABLES).fetchall()]


def _counts(source: sqlite3.Connection) -> Counts:
    quoted = [(name, name.replace('"', '""')) for name in _names(source)]
    return {name: source.execute(f'SELECT count(*) FROM "{safe}"').fetchone()[0] for name, safe in quoted}  # noqa: S608 - from its own catalog


def _revisions(source: sqlite3.Connection, names: Collection[str]) -> tuple[str, ...]:
    if OWN not in names:
        return ()
    return tuple(sorted(str(revision) for (revision,) in source.execute("SELECT version_num FROM alembic_version")))


def _transfer(source: sqlite3.Connection, job: CopyJob) -> None:
    deadline = time.monotonic() + job.within

    def look(*_: object) -> None:
        if job.cancelled():
            raise Stopped("The backup was cancelled.")
        if time.monotonic() > deadline:
            raise Unavailable(f"The backup was not done within {job.within:g} s.")

    with closing(_open(job.file, "mode=rw")) as target:
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")  # the file is flushed as a whole when it is done
        source.backup(target, pages=PAGES, progress=look, sleep=0.01)


def _prove(file: Path, counted: Counts) -> None:
    """A copy of a SQLite database is one: it is whole, and has the rows of the original."""
    with closing(_open(file, "mode=ro&immutable=1")) as copied:
        said = copied.execute("PRAGMA integrity_check(3)").fetchall()
        if said != [("ok",)]:
            raise Unavailable(f"The copy of the database is not whole: {'; '.join(str(row[0]) for row in said)}.")
        if _counts(copied) != counted:
            raise Unavailable("The copy of the database has other rows than the database.")


def _mode(database: Path) -> int:
    return database.stat().st_mode & 0o777 if database.exists() else 0o600


def _owner(database: Path) -> list[str]:
    """Who has the file now, or the folder in which it was."""
    there = next(place for place in (database, *database.parents) if place.exists()).stat()
    return [f"--owner={there.st_uid}", f"--group={there.st_gid}"] if os.geteuid() == 0 else []
