"""Postgres databases to try migrations on: made on a server where nothing is lost."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit, urlunsplit

from staging_gate.adapters.schema.clones import Clones, connected
from staging_gate.adapters.schema.databases import Content, Counts, Locks, Snapshot
from staging_gate.adapters.schema.dumps import Dump, Restoring, variables
from staging_gate.adapters.schema.watching import FILES, OURS, watched
from staging_gate.ports.deploy_target import Cancelled

COLUMNS = f"""
SELECT 'column ' || c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE {OURS} AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
"""  # noqa: S608 - our own words
TABLES = f"""
SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'view ' WHEN 'S' THEN 'sequence ' ELSE 'table ' END
    || c.relname, CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE 'there' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
"""  # noqa: S608
INDEXES = f"""
SELECT 'index ' || c.relname, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}
"""  # noqa: S608
CONSTRAINTS = f"""
SELECT 'constraint ' || coalesce(c.relname || '.', '') || k.conname, pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid
WHERE {OURS} AND k.contype <> 'n'
"""  # noqa: S608
ENUMS = f"""
SELECT 'type ' || t.typname, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE {OURS} GROUP BY t.typname
"""  # noqa: S608
TRIGGERS = f"""
SELECT 'trigger ' || t.tgname, pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {OURS} AND NOT t.tgisinternal
"""  # noqa: S608


class PostgresDatabases:
    """Implements `databases.Databases`. `server` is the address of a database whose user may create others.

    Addresses of clones begin with `scheme`: which driver a service uses is its own affair.
    """

    kind = "postgres"

    def __init__(
        self, server: str, scheme: str = "postgresql", owner: str = "nobody", within: float | None = None
    ) -> None:
        self.clones = Clones(plain(server), owner)
        self._scheme = scheme
        self._within = within

    @contextmanager
    def clone(self, of: str | None = None) -> Iterator[str]:
        with self.clones.make(_name(of) if of else "template1", self._within) as name:
            yield self.address(name)

    def restored(self, dump: Dump, within: float, cancelled: Cancelled) -> str:
        """The address of a database that the dump was restored into, now or before; to be copied only."""

        def restore(name: str) -> None:
            address = urlunsplit(urlsplit(self.clones.server)._replace(path=f"/{name}"))
            Restoring(dump, within, variables(address), cancelled).go()

        return self.address(self.clones.kept(dump.content, restore))

    def address(self, database: str) -> str:
        """Of a database on this server, by its name or an address of it elsewhere."""
        database = _name(database) if "://" in database else database
        return urlunsplit(urlsplit(self.clones.server)._replace(scheme=self._scheme, path=f"/{database}"))

    def snapshot(self, address: str) -> Snapshot:
        with connected(plain(address)) as database:
            queries = (TABLES, COLUMNS, INDEXES, CONSTRAINTS, ENUMS, TRIGGERS)
            return {name: value for query in queries for name, value in database.execute(query)}

    def counts(self, address: str) -> Counts:
        from psycopg import sql

        with connected(plain(address)) as database:
            names = [name for name, _ in database.execute(FILES)]
            count = sql.SQL("SELECT count(*) FROM {}")
            found = {}
            for name in names:
                row = database.execute(count.format(sql.Identifier(name))).fetchone()
                found[name] = int(row[0]) if row else 0
            return found

    def content(self, address: str, table: str, column: str) -> Content:
        from psycopg import sql

        query = sql.SQL("SELECT count({0}), coalesce(sum(hashtextextended({0}::text, 0)::numeric), 0) FROM {1}")
        with connected(plain(address)) as database:
            named = query.format(sql.Identifier(column), sql.Identifier(table))
            rows, digest = database.execute(named).fetchone() or (0, 0)
            return Content(int(rows), str(digest))

    @contextmanager
    def watching(self, address: str) -> Iterator[Locks]:
        with connected(plain(address)) as database, watched(database) as locks:
            yield locks


def _name(address: str) -> str:
    return unquote(urlsplit(address).path.lstrip("/"))


def plain(address: str) -> str:
    """Without the driver that SQLAlchemy wants to be told: `postgresql+psycopg://` is `postgresql://`."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", address)
