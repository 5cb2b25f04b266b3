"""The proof of a service's migrations, on clones: up with data, what it locks, down and up again, drift."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from staging_gate.adapters.schema import sql_rules
from staging_gate.adapters.schema.command_tool import new_files
from staging_gate.adapters.schema.databases import OWN, Counts, Databases, Locks, differences
from staging_gate.adapters.schema.places import line_about
from staging_gate.domain.migration import Finding, MigrationReport, Rows, Severity
from staging_gate.domain.service import Schema
from staging_gate.ports.errors import Unavailable
from staging_gate.ports.schema_tool import Migration, Moved, SchemaSession, SchemaTool, Site

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
LONGEST_LOCK = 2.0
"""Seconds for which a clone's table may be closed to writers without a finding."""


@dataclass
class Proof:
    """One service's migrations between production's revisions and those of a tree.

    `since` is None where production has nothing, or its files do not say where it stands: then its own code, in
    `production`, brings clones there. `fill` brings data into a clone that stands at production's revisions, and says
    what it could not do; `base` is a database with rows that those clones are copied from.
    """

    service: str
    tool: SchemaTool
    schema: Schema
    site: Site
    databases: Databases
    since: tuple[str, ...] | None
    fill: Callable[[str], str]
    production: Site | None = None
    base: str | None = None
    _findings: list[Finding] = field(default_factory=list)
    _unknown: list[str] = field(default_factory=list)
    _rows: tuple[Rows, ...] = ()
    _stands: tuple[str, ...] | None = None
    _moved: tuple[str, ...] | None = None

    def report(self) -> MigrationReport:
        """Raises Refused where the project's own tool can not start, Stopped where nobody waits any more."""
        began = time.monotonic()
        self._findings += self.tool.scan(self.site.tree, self.schema)
        new: list[Migration] = []
        if not any(finding.severity is E for finding in self._findings):
            new = self._prove()
        return MigrationReport(
            self.service,
            findings=tuple(dict.fromkeys(self._findings)),
            since=self.since or self._stands,
            new=tuple(migration.path for migration in new) if self._moved is None else self._moved,
            rows=self._rows,
            unknown=tuple(dict.fromkeys(self._unknown)),
            seconds=time.monotonic() - began,
        )

    def _prove(self) -> list[Migration]:
        with ExitStack() as stack:
            clone = stack.enter_context(self.databases.clone())
            tool = stack.enter_context(self.tool.open(self.site, self.schema, clone))
            history = tool.history()
            if history is None:
                new = self._untold()
            elif lost := [revision for revision in self.since or () if revision not in _revisions(history)]:
                self._rewritten(lost)
                return []
            else:
                new = [migration for migration in history if migration.revision not in _ancestors(history, self.since)]
            for migration in new if history else ():
                self._read_sql(tool, migration)
            goes = self._down_and_up(tool, clone, new)
        if new and goes and (self.since or self.production):
            steps = [[migration] for migration in new] if history else [new]
            with self.databases.clone(self.base) as clone, self.tool.open(self.site, self.schema, clone) as tool:
                self._with_data(tool, clone, steps)
        return new

    def _untold(self) -> list[Migration]:
        """What is new, as far as files say; where gate.yaml names no folder of them, something may be."""
        self._unknown.append(
            "The commands tell neither the single migrations nor their SQL: they were tried all at once, and the rules "
            "about SQL were not asked."
        )
        if self.schema.files:
            return new_files(self.site.tree, self.production.tree if self.production else None, self.schema.files)
        self._unknown.append("`schema` names no folder of migrations (`files`), so which of them are new is not known.")
        return [Migration("", (), self.schema.config)]

    def _rewritten(self, lost: Sequence[str]) -> None:
        self._find(
            "history_rewritten", E, None, f"production is at {', '.join(lost)}, which is in no file",
            "The database of production can not be migrated: Alembic does not know where it stands.",
            "Bring the migration back that has this revision; applied migrations are never edited or removed.",
        )  # fmt: skip

    def _down_and_up(self, tool: SchemaSession, clone: str, new: Sequence[Migration]) -> bool:
        """Without data, so that it is quick: everything up, the new ones down, compared, and up again.

        Whether they go up at all.
        """
        if not self._at_production(tool, clone):
            return False
        base = _base(self.since) if self.since else next(iter(tool.current()), "")
        before = self.databases.snapshot(clone)
        if not self._judge(tool.upgrade(), new, "up"):
            return False
        if new and new[0].path == self.schema.config:  # no file says what is new
            there = next(iter(tool.current()), "")
            self._moved = (f"{base or 'nothing'} -> {there}",) if there != base else ()
        after = self.databases.snapshot(clone)
        self._find_drift(tool, new)
        if new and self._judge(tool.downgrade(base), new, "down"):
            self._compare(before, self.databases.snapshot(clone), new, "downgrade_differs", W, "down again")
            if self._judge(tool.upgrade(), new, "up again"):
                self._compare(after, self.databases.snapshot(clone), new, "upgrade_differs", E, "down and up again")
        return True

    def _with_data(self, tool: SchemaSession, clone: str, steps: Sequence[Sequence[Migration]]) -> None:
        if self.base:
            self._look_where_rows_stand(tool, [migration for step in steps for migration in step])
        if not self._at_production(tool, clone):
            return
        if said := self.fill(clone):
            self._unknown.append(said)
        before = self.databases.counts(clone)
        if not said and not any(count for name, count in before.items() if name != OWN):
            self._unknown.append("What `schema` names brought no rows, so what fails on full tables was not tried.")
        for step in steps:
            if not self._step(tool, clone, step, before):
                return
        new = [migration for step in steps for migration in step]
        after = self.databases.counts(clone)
        self._rows = tuple(Rows(name, n, after.get(name, 0)) for name, n in before.items() if after.get(name, 0) != n)
        for rows in self._rows:
            if rows.after < rows.before:
                self._lost(rows, new)

    def _look_where_rows_stand(self, tool: SchemaSession, new: Sequence[Migration]) -> None:
        there, history = tool.current(), tool.history()
        if history is None:
            return
        if lost := [revision for revision in there if revision not in _revisions(history)]:
            raise Unavailable(
                f"The rows for proofs stand at {', '.join(lost)}, which is in no migration of this tree: take a newer "
                "dump or template of production."
            )
        if ahead := [one.path for one in new if one.revision in _ancestors(history, there)]:
            self._unknown.append(f"The rows for proofs have {', '.join(ahead)} already, so it was not tried on them.")

    def _read_sql(self, tool: SchemaSession, migration: Migration) -> None:
        if self.databases.kind != "postgres":
            return
        sql = tool.sql(migration)
        if sql is None:
            self._unknown.append(f"{migration.path} looks into the database, so its SQL could not be looked at.")
        else:
            self._find_unsafe(sql, migration)

    def _step(self, tool: SchemaSession, clone: str, step: Sequence[Migration], rows: Counts) -> bool:
        """What is done at once on the clone with data: a migration, or all where the tool tells no single ones."""
        with self.databases.watching(clone) as locks:
            moved = tool.upgrade(step[0].revision or None if len(step) == 1 else None)
        if not self._judge(moved, step, "up with data"):
            return False
        self._find_locks(locks, step, rows)
        return True

    def _at_production(self, tool: SchemaSession, clone: str) -> bool:
        for revision in self.since or ():
            if not self._judge(tool.upgrade(revision), [], "up to production's revision"):
                return False
        if self.since is None and self.production:
            with self.tool.open(self.production, self.schema, clone) as before:
                moved = before.upgrade()
                self._stands = before.current() if moved.ok else None
            return self._judge(moved, [], "up to where production is")
        return True

    def _judge(self, moved: Moved, new: Sequence[Migration], how: str) -> bool:
        if moved.ok:
            return True
        named = (one for one in new if moved.failed in (one.revision, "") and (moved.failed or one.path in moved.error))
        at = next(named, new[-1] if new else None)
        code = "downgrade_fails" if how == "down" else "fails_on_data" if how == "up with data" else "upgrade_fails"
        names = sql_rules.names_in(moved.error)
        self._find(
            code, E, at, f"going {how} fails: {moved.error.splitlines()[0] if moved.error else 'it said nothing'}",
            "In production the deployment would stop here, and the database may be left half way.",
            "Run it on a copy of production's data, mend it, push.", *names,
            function="downgrade" if how == "down" else "upgrade",
        )  # fmt: skip
        return False

    def _find_unsafe(self, sql: str, migration: Migration) -> None:
        found = sql_rules.unsafe(sql)
        if found is None:
            self._unknown.append("squawk is not installed, so its rules about SQL were not asked.")
            return
        for one in found:
            self._find(one.code, one.severity, migration, one.what, one.why, one.instead, *one.names)

    def _find_locks(self, locks: Locks, step: Sequence[Migration], rows: Counts) -> None:
        for table in locks.rewritten:
            if rows.get(table):
                self._find(
                    "table_rewrite", W, self._speaking(step, table),
                    f"it writes {table} anew ({rows[table]:,} rows on the clone)",
                    "Nobody can read or write the table meanwhile, in production for as long as it has rows.",
                    "Add a new column and copy in small parts, or do it in a maintenance window.", table,
                )  # fmt: skip
        for table, (mode, seconds) in locks.held.items():
            if seconds > LONGEST_LOCK and table not in locks.rewritten:
                self._find(
                    "long_lock", W, self._speaking(step, table),
                    f"it holds {mode} on {table} for {seconds:.1f} s on the clone",
                    "Nobody can write to the table meanwhile.", "Do less in one migration, or in a window.", table,
                )  # fmt: skip

    def _find_drift(self, tool: SchemaSession, new: Sequence[Migration]) -> None:
        found = tool.drift()
        if found is None:
            self._unknown.append("Whether the models fit the migrations could not be told.")
        for one in found or []:
            self._find(
                "model_drift", W, new[-1] if new else None, f"the models and the migrations differ: {one}",
                "The code believes in a schema that the migrations do not make.",
                "Write a migration for it (`alembic revision --autogenerate`), or correct the model.", *one.split()[1:],
            )  # fmt: skip

    def _compare(
        self, wanted: Mapping[str, str], found: Mapping[str, str], new: Sequence[Migration],
        code: str, severity: Severity, how: str,
    ) -> None:  # fmt: skip
        for line in differences(wanted, found):
            name = line[2:].partition(":")[0].partition(" ")[2]
            self._find(
                code, severity, self._speaking(new, name), f"after going {how} the schema differs: {line}",
                "A rollback would leave a schema that nobody proved.", "Undo in downgrade() all that upgrade() does.",
                *name.split("."), function="downgrade",
            )  # fmt: skip

    def _lost(self, rows: Rows, new: Sequence[Migration]) -> None:
        self._find(
            "rows_lost", W, self._speaking(new, rows.table),
            f"{rows.table} had {rows.before:,} rows and has {rows.after:,}",
            "No downgrade brings them back.", "If it is meant, say so with an exemption; keep a copy.", rows.table,
        )  # fmt: skip

    def _speaking(self, new: Sequence[Migration], name: str) -> Migration:
        """Which of the new migrations speaks of it."""
        words = [word for word in name.lower().split(".") if word]
        for migration in reversed(new):
            file = self.site.tree / migration.path
            text = file.read_text(encoding="utf-8", errors="replace").lower() if file.is_file() else ""
            if words and all(word in text for word in words):
                return migration
        return new[-1]

    def _find(
        self, code: str, severity: Severity, at: Migration | None, what: str, why: str, instead: str, *names: str,
        function: str = "upgrade",
    ) -> None:  # fmt: skip
        path = at.path if at else self.schema.config
        line = line_about(self.site.tree, at, *names, function=function) if at else 1
        self._findings.append(Finding(code, severity, path, line, what, why, instead))


def _revisions(history: Sequence[Migration]) -> set[str]:
    return {migration.revision for migration in history}


def _ancestors(history: Sequence[Migration], heads: tuple[str, ...] | None) -> set[str]:
    by_revision = {migration.revision: migration for migration in history}
    found: set[str] = set()
    waiting = list(heads or ())
    while waiting:
        revision = waiting.pop()
        if revision not in found:
            found.add(revision)
            waiting += by_revision[revision].down
    return found


def _base(since: tuple[str, ...] | None) -> str:
    return since[0] if since else ""
