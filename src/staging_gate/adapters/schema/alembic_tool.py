"""Alembic as a `SchemaTool`: a driver of ours runs in the service's environment and answers in JSON."""

import configparser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staging_gate.adapters.schema import scan as static
from staging_gate.adapters.schema import scripts
from staging_gate.domain.migration import Finding, Severity
from staging_gate.domain.service import Schema
from staging_gate.ports.schema_tool import Ask, Migration, Moved, Site

DRIVER = Path(__file__).with_name("alembic_driver.py")
NEWEST = "head"
QUICK, LONG = 60.0, 1800.0
"""Seconds for an answer; a migration on a clone may take long."""


class Alembic:
    """Implements `ports.schema_tool.SchemaTool`. `within` is how many seconds going up or down may take on a clone."""

    def __init__(self, within: float = LONG) -> None:
        self._within = within

    def scan(self, tree: Path, schema: Schema) -> list[Finding]:
        folders = _folders(tree, schema)
        if isinstance(folders, Finding):
            return [folders]
        return static.scan(_texts(tree, folders))

    def heads(self, tree: Path, schema: Schema) -> tuple[str, ...] | None:
        folders = _folders(tree, schema)
        if isinstance(folders, Finding):
            return None
        found = [scripts.read(path, text) for path, text in _texts(tree, folders).items()]
        known = [each for each in found if isinstance(each, scripts.Script)]
        return tuple(script.revision for script in static.heads(known))

    @contextmanager
    def open(self, site: Site, schema: Schema, database: str) -> Iterator["AlembicSession"]:
        with site.talk(("python", str(DRIVER), schema.config), {schema.database: database}) as ask:
            yield AlembicSession(site.tree, ask, self._within)


@dataclass(frozen=True)
class AlembicSession:
    """Implements `ports.schema_tool.SchemaSession`."""

    tree: Path
    ask: Ask
    within: float

    def history(self) -> list[Migration]:
        root = self.tree.resolve()
        return [
            Migration(one["revision"], tuple(one["down"]), path, _first_line(self.tree / path))
            for one in self.ask(["history"], QUICK)
            for path in [str(Path(one["path"]).resolve().relative_to(root))]
        ]

    def current(self) -> tuple[str, ...]:
        return tuple(self.ask(["current"], QUICK))

    def upgrade(self, to: str | None = None) -> Moved:
        return _moved(self.ask(["upgrade", to or NEWEST], self.within))

    def downgrade(self, to: str) -> Moved:
        return _moved(self.ask(["downgrade", to], self.within))

    def sql(self, migration: Migration) -> str | None:
        found: str | None = self.ask(["sql", migration.revision], QUICK)
        return found

    def drift(self) -> list[str] | None:
        found: list[str] | None = self.ask(["drift"], QUICK)
        return found


def _moved(found: Any) -> Moved:
    done = tuple((str(revision), float(seconds)) for revision, seconds in found["done"])
    return Moved(done, found["failed"], found["error"])


def _folders(tree: Path, schema: Schema) -> list[Path] | Finding:
    """The folders of versions that alembic.ini names, inside the tree."""
    config = tree / schema.config
    parser = configparser.ConfigParser(defaults={"here": str(config.parent)})
    try:
        parser.read_string(config.read_text(encoding="utf-8"))
        location = parser.get("alembic", "script_location")
        elsewhere = parser.get("alembic", "version_locations", fallback="").replace(",", " ").replace(":", " ").split()
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        return _no_config(schema.config, str(error).splitlines()[0])
    folders = [(tree / folder).resolve() for folder in elsewhere] or [(tree / location / "versions").resolve()]
    inside = [folder for folder in folders if folder.is_dir() and folder.is_relative_to(tree.resolve())]
    return inside or _no_config(schema.config, f"its folder of versions is not in the tree: {location}")


def _no_config(path: str, problem: str) -> Finding:
    return Finding(
        "no_migrations",
        Severity.ERROR,
        path,
        1,
        problem,
        "gate.yaml says that the schema is migrated by Alembic with this file.",
        "Correct `schema: {alembic: ...}` in gate.yaml, or the file.",
    )


def _texts(tree: Path, folders: list[Path]) -> dict[str, str]:
    root = tree.resolve()
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8", errors="replace")
        for folder in folders
        for path in sorted(folder.glob("*.py"))
        if path.name != "__init__.py"
    }


def _first_line(path: Path) -> int:
    found = scripts.read(str(path), path.read_text(encoding="utf-8", errors="replace"))
    return found.line("upgrade") if isinstance(found, scripts.Script) else 1
