"""Any migration tool as a `SchemaTool`: three commands of gate.yaml, run in the service's environment."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from staging_gate.domain.migration import Finding, Severity
from staging_gate.domain.service import Schema, SchemaCommands
from staging_gate.ports.errors import Refused
from staging_gate.ports.schema_tool import Migration, Moved, Site

QUICK, LONG = 60.0, 1800.0
"""Seconds to say where a database stands, and to migrate a clone."""

_REVISION = re.compile(r"\$(?:REVISION\b|\{REVISION\})")


class CommandTool:
    """Implements `ports.schema_tool.SchemaTool`. What three commands can not tell is None, never nothing."""

    def __init__(self, within: float = LONG) -> None:
        self._within = within

    def scan(self, tree: Path, schema: Schema) -> list[Finding]:
        if not schema.files or (tree / schema.files).is_dir():
            return []
        return [
            Finding(
                "no_migrations",
                Severity.ERROR,
                schema.config,
                1,
                f"{schema.files} is no folder in the tree",
                "gate.yaml says that the migrations are there: which of them are new could not be told.",
                "Correct `schema: {files: ...}` in gate.yaml, or commit the folder.",
            )
        ]

    def heads(self, tree: Path, schema: Schema) -> tuple[str, ...] | None:
        return None

    @contextmanager
    def open(self, site: Site, schema: Schema, database: str) -> Iterator["CommandSession"]:
        assert schema.commands
        yield CommandSession(site, schema.commands, schema.database, database, self._within)


@dataclass(frozen=True)
class CommandSession:
    """Implements `ports.schema_tool.SchemaSession`. The address of the database is in the variable `variable`."""

    site: Site
    commands: SchemaCommands
    variable: str
    database: str
    within: float

    def history(self) -> list[Migration] | None:
        return None

    def current(self) -> tuple[str, ...]:
        ran = self.site.run(self.commands.current, {self.variable: self.database}, QUICK)
        if ran.error:
            raise Refused(f"The project's migration tool can not tell where a database stands: {ran.error}", ran.tail)
        return tuple(filter(None, [ran.last]))

    def upgrade(self, to: str | None = None) -> Moved:
        if to is not None:
            raise Refused(f"The project's migration tool goes to the newest revision alone, not to {to}.")
        return self._go(self.commands.upgrade)

    def downgrade(self, to: str) -> Moved:
        moved = self._go(tuple(_REVISION.sub(lambda _: to, word) for word in self.commands.downgrade))
        if moved.ok and (there := "".join(self.current())) != to:
            return Moved(
                (), "", f"it ended well, but the database is at {there or 'nothing'}, not at {to or 'nothing'}"
            )
        return moved

    def sql(self, migration: Migration) -> str | None:
        return None

    def drift(self) -> list[str] | None:
        return None

    def _go(self, argv: tuple[str, ...]) -> Moved:
        began = time.perf_counter()
        ran = self.site.run(argv, {self.variable: self.database}, self.within)
        if ran.error:
            return Moved(
                (), "", "\n".join(filter(None, [f"{ran.error}: {ran.last}" if ran.last else ran.error, ran.tail]))
            )
        return Moved((("", time.perf_counter() - began),))


def new_files(tree: Path, before: Path | None, folder: str) -> list[Migration]:
    """The files of the folder that `before` does not have, or has otherwise, in the order of their names."""
    found = (path for path in sorted((tree / folder).rglob("*")) if path.is_file() and path.suffix != ".pyc")
    names = [str(path.relative_to(tree)) for path in found]
    return [Migration("", (), name) for name in names if before is None or not _same(tree / name, before / name)]


def _same(new: Path, old: Path) -> bool:
    return old.is_file() and new.read_bytes() == old.read_bytes()
