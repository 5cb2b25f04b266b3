"""A look into a real database whose migrations failed. Nothing in it is written, locked or started."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from staging_gate.adapters.schema import postgres_backup, sqlite_backup
from staging_gate.adapters.schema.databases import Snapshot
from staging_gate.adapters.schema.postgres import COLUMNS, CONSTRAINTS, ENUMS, INDEXES, TABLES, TRIGGERS
from staging_gate.adapters.schema.sqlite import SqliteDatabases
from staging_gate.ports.errors import Unavailable

USER = "SELECT current_user, has_schema_privilege(coalesce(current_schema(), 'public'), 'CREATE')"
SCHEMA = "SELECT coalesce(current_schema(), 'public')"
FOREIGN = """
SELECT c.relname, pg_get_userbyid(c.relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p')
AND NOT pg_has_role(current_user, c.relowner, 'USAGE') ORDER BY 1
"""
SESSIONS = """
SELECT a.pid, coalesce(a.usename, '?'), coalesce(nullif(a.application_name, ''), '?'), coalesce(a.state, '?'),
    extract(epoch FROM now() - a.xact_start)::int, string_agg(DISTINCT c.relname, ', ')
FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND l.granted AND a.xact_start IS NOT NULL
AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p')
GROUP BY 1, 2, 3, 4, 5 ORDER BY 5 DESC LIMIT 10
"""


@dataclass(frozen=True)
class Session:
    """Somebody in a transaction, and the tables of which it holds a lock."""

    pid: int
    user: str
    application: str
    state: str
    seconds: int
    tables: str

    def __str__(self) -> str:
        who = f"session {self.pid} of {self.user} ({self.application})"
        return f"{who} is {self.state}, holds {self.tables}, {self.seconds} s in its transaction"


@dataclass(frozen=True)
class Seen:
    """`problem` is why nobody can look into it; then the rest is empty. `user` is whom we are there, who may create
    tables in `schema` or not; `foreign` are (table, owner) of tables that this user may not change. `free` are bytes
    left on the disk of a file."""

    kind: str
    problem: str = ""
    revisions: tuple[str, ...] = ()
    snapshot: Snapshot = field(default_factory=dict)
    user: str = ""
    schema: str = ""
    may_create: bool | None = None
    foreign: tuple[tuple[str, str], ...] = ()
    sessions: tuple[Session, ...] = ()
    free: int | None = None
    file: Path | None = None


def into_postgres(address: str) -> Seen:
    try:
        with postgres_backup.reading(address) as database:
            database.execute("SET statement_timeout = '15s'; SET lock_timeout = '2s'")
            user, may_create = database.execute(USER).fetchone() or ("", None)
            foreign = [(str(name), str(owner)) for name, owner in database.execute(FOREIGN).fetchall()]
            return Seen(
                "postgres",
                revisions=postgres_backup.revisions_in(database),
                snapshot=_snapshot(database),
                user=str(user),
                schema=str((database.execute(SCHEMA).fetchone() or ("public",))[0]),
                may_create=may_create,
                foreign=tuple(foreign),
                sessions=tuple(Session(*row) for row in database.execute(SESSIONS).fetchall()),
            )
    except Unavailable as error:
        return Seen("postgres", " ".join(error.evidence.split()) or error.message)


def into_sqlite(file: Path) -> Seen:
    folder = next(place for place in (file.parent, *file.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    if not file.exists():
        return Seen("sqlite", free=free, file=file)
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("SELECT count(*) FROM sqlite_master")
        snapshot = SqliteDatabases(file.parent).snapshot(f"sqlite:///{file}")
    except sqlite3.Error as error:
        return Seen("sqlite", f"{file}: {error}", free=free, file=file)
    return Seen("sqlite", revisions=sqlite_backup.revisions(file) or (), snapshot=snapshot, free=free, file=file)


def _snapshot(database: Any) -> Snapshot:
    queries = (TABLES, COLUMNS, INDEXES, CONSTRAINTS, ENUMS, TRIGGERS)
    return {str(name): str(value) for query in queries for name, value in database.execute(query).fetchall()}
