"""SQLite databases to try migrations on: files in a scratch folder."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from staging_gate.adapters.schema.databases import Content, Counts, Locks, Snapshot

OBJECTS = "SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


class SqliteDatabases:
    """Implements `databases.Databases`. `folder` must be writable for whoever runs the migrations."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    @contextmanager
    def clone(self, of: str | None = None) -> Iterator[str]:
        self._made += 1
        path = self._folder / f"clone-{self._made}.db"
        if of is not None:
            with closing(_reading(_file(of))) as source, closing(sqlite3.connect(path)) as copy:
                source.backup(copy)
            looks = self._folder.stat()  # whoever migrates may write there, and to the copy too
            os.chown(path, looks.st_uid, looks.st_gid)
        try:
            yield f"sqlite:///{path}"
        finally:
            for leftover in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                leftover.unlink(missing_ok=True)

    def snapshot(self, address: str) -> Snapshot:
        """Tables by their columns, not by their text: ALTER TABLE leaves another text than CREATE TABLE."""
        with closing(sqlite3.connect(_file(address))) as database:
            found = {
                f"{kind} {name}": " ".join(sql.split())
                for kind, name, sql in database.execute(OBJECTS)
                if kind != "table"
            }
            for (table,) in database.execute(TABLES).fetchall():
                found[f"table {table}"] = "there"
                columns = database.execute(f'SELECT * FROM pragma_table_info("{table}")')  # noqa: S608 - from its own catalog
                for _, name, type_, required, default, key in columns:
                    words = [type_.lower(), "NOT NULL" if required else "", f"DEFAULT {default}" if default else ""]
                    found[f"column {table}.{name}"] = " ".join(filter(None, [*words, "KEY" if key else ""]))
        return found

    def counts(self, address: str) -> Counts:
        with closing(sqlite3.connect(_file(address))) as database:
            tables = [name for (name,) in database.execute(TABLES)]
            return {
                name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - from its own catalog
                for name in tables
            }

    def content(self, address: str, table: str, column: str) -> Content:
        with closing(sqlite3.connect(_file(address))) as database:
            database.create_aggregate("digest", 1, _Digest)
            query = f'SELECT count("{column}"), digest("{column}") FROM "{table}"'  # noqa: S608 - from its own catalog
            rows, digest = database.execute(query).fetchone()
            return Content(rows, str(digest))

    @contextmanager
    def watching(self, address: str) -> Iterator[Locks]:
        """One writer has the whole file: there is nothing to find out."""
        yield Locks()


def _reading(file: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True)


class _Digest:
    """An aggregate: the same for the same values in any order."""

    def __init__(self) -> None:
        self._sum = 0

    def step(self, value: object, /) -> None:
        if value is not None:
            self._sum += int.from_bytes(hashlib.blake2b(str(value).encode(), digest_size=7).digest())

    def finalize(self) -> int:
        return self._sum % 2**62


def _file(address: str) -> str:
    """`sqlite:////a/b.db` is absolute, `sqlite:///b.db` is not."""
    return urlsplit(address).path[1:]
