"""What a migration does to a Postgres database while it runs, seen from beside it: locks, and tables written anew."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from staging_gate.adapters.schema.databases import Locks

if TYPE_CHECKING:
    from psycopg import Connection

EVERY = 0.05
"""Seconds between two looks: what is held for less hurts nobody."""

OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
FILES = f"""
SELECT c.relname, pg_relation_filenode(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {OURS} AND c.relkind = 'r'
"""  # noqa: S608 - our own words
HELD = f"""
SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_database d ON d.oid = l.database
WHERE d.datname = current_database() AND l.pid <> pg_backend_pid() AND l.granted AND {OURS} AND c.relkind = 'r'
"""  # noqa: S608

STRONGEST = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
BLOCKS_WRITES = STRONGEST[4:]
"""ShareLock and what is stronger: nobody can write while it is held. With AccessExclusiveLock nobody can read."""


@contextmanager
def watched(database: "Connection[tuple[Any, ...]]") -> Iterator[Locks]:
    """Look on by a connection of our own; the locks are complete at the end of the block."""
    before = dict(database.execute(FILES).fetchall())
    locks, stop = Locks(), Event()
    looker = Thread(target=_look_on, args=(database, _Held(set(before)), locks, stop), daemon=True)
    looker.start()
    try:
        yield locks
    finally:
        stop.set()
        looker.join()
    after = dict(database.execute(FILES).fetchall())
    changed = [name for name in before.keys() & after.keys() if before[name] != after[name]]
    locks.rewritten += sorted(name for name in changed if _has_rows(database, name))


@dataclass
class _Held:
    """Locks that keep writers out, since when, by table; `known` are the tables that were there before."""

    known: set[str]
    since: dict[str, float] = field(default_factory=dict)

    def note(self, rows: list[tuple[Any, ...]], locks: Locks) -> None:
        now = time.perf_counter()
        strongest: dict[str, str] = {}
        for name, mode in rows:
            if name in self.known and mode in BLOCKS_WRITES:
                strongest[name] = max(mode, strongest.get(name, mode), key=STRONGEST.index)
        for name in self.since.keys() - strongest.keys():
            del self.since[name]
        for name, mode in strongest.items():
            seconds = now - self.since.setdefault(name, now)
            before = locks.held.get(name, (mode, 0.0))
            locks.held[name] = (max(mode, before[0], key=STRONGEST.index), max(seconds, before[1]))


def _look_on(database: "Connection[tuple[Any, ...]]", held: _Held, locks: Locks, stop: Event) -> None:
    import psycopg

    while not stop.is_set():
        try:
            held.note(database.execute(HELD).fetchall(), locks)
        except psycopg.Error:  # a server that is gone says so to the migration itself
            return
        stop.wait(EVERY)


def _has_rows(database: "Connection[tuple[Any, ...]]", table: str) -> bool:
    """TRUNCATE gives a table a new file as well, and copies nothing."""
    from psycopg import sql

    return database.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))).fetchone() is not None
