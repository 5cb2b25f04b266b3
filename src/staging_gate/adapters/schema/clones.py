"""Databases that are made on a server for a proof: whose they are, whether their proof still lives, and their removal.

Each is called `gate_proof_<installation>_<number>`, and a comment on it says what it is. While its proof lives, that
holds a lock by the name, which the server lets go when the connection ends, whatever ended it. So what is not locked
was left by somebody who died. Copies of dumps, `gate_proof_<installation>_t_<hash>`, stay for the next proof.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString
from uuid import uuid4

from staging_gate.ports.errors import Unavailable

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg import Error as PostgresError
    from psycopg.sql import Composable

PREFIX = "gate_proof_"
KEPT_DAYS = 14
"""How long the copy of a dump is kept after it was used last."""

OUR_OWN = """
SELECT datname, coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE starts_with(datname, %s)
"""


@dataclass(frozen=True)
class Clones:
    """`server` is the address of a database whose user may create others; `owner` names the installation. Raises
    Unavailable that says what a person can do about the server."""

    server: str
    owner: str = "nobody"

    @contextmanager
    def make(self, template: str = "template1", within: float | None = None) -> Iterator[str]:
        """A new database, by name. No statement in it takes longer than `within` seconds."""
        import psycopg  # where Postgres is used, its driver is there

        name = f"{PREFIX}{self.owner}_{uuid4().hex[:12]}"
        with self._connected() as server:
            _lock(server, name)
            _create(server, name, template)
            try:
                if within is not None:
                    _run(
                        server,
                        "ALTER DATABASE {} SET statement_timeout = {}",
                        _id(name),
                        _text(f"{max(within, 1.0):.0f}s"),
                    )
                yield name
            finally:
                with suppress(psycopg.Error):  # what can not be dropped now is swept later
                    _drop(server, name)

    def kept(self, content: str, restore: Callable[[str], None]) -> str:
        """The name of a database that `restore`, given a name, has filled once for this content."""
        name = f"{PREFIX}{self.owner}_t_{hashlib.sha256(content.encode()).hexdigest()[:16]}"
        with self._connected() as server:
            _lock(server, name)
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                with self.make("template0") as draft:
                    restore(draft)
                    _run(server, "ALTER DATABASE {} RENAME TO {}", _id(draft), _id(name))
            _say(server, name, "copy of a dump for proofs of migrations, used last at")
        return name

    def sweep(self) -> list[str]:
        """Drop what proofs of this installation that died have left, and copies of dumps that nobody uses any more."""
        dropped = []
        with self._connected() as server:
            for name, said in server.execute(OUR_OWN, [f"{PREFIX}{self.owner}_"]).fetchall():
                if (_is_copy(name) and not _is_old(server, said)) or not _try_lock(server, name):
                    continue
                _drop(server, name)
                _unlock(server, name)
                dropped.append(name)
        return dropped

    @contextmanager
    def _connected(self) -> "Iterator[Connection[tuple[Any, ...]]]":
        with connected(self.server) as server:
            if server.info.server_version >= 140_000:
                server.execute("SET idle_session_timeout = 0")  # it keeps the locks
            yield server


@contextmanager
def connected(address: str) -> "Iterator[Connection[tuple[Any, ...]]]":
    """Raises Unavailable instead of whatever the server says; never with the address, which holds a password."""
    import psycopg

    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=15) as connection:
            yield connection
    except psycopg.errors.QueryCanceled as error:
        raise Unavailable(
            "Counting what is in a clone took longer than the check may: fewer rows, or more time.", str(error).strip()
        ) from error
    except psycopg.Error as error:
        said = str(error).strip()
        raise Unavailable(
            "The Postgres for proofs does not answer as it should: see whether it runs, and whether "
            f"GATE_PROOF_POSTGRES is right. {said.splitlines()[0] if said else type(error).__name__}",
            said,
        ) from error


def _create(server: "Connection[tuple[Any, ...]]", name: str, template: str) -> None:
    import psycopg

    try:
        _run(server, "CREATE DATABASE {} TEMPLATE {}", _id(name), _id(template))
    except psycopg.Error as error:
        raise Unavailable(_why_not(error, template, server.info.user), str(error).strip()) from error
    _say(server, name, "clone for a proof of migrations that began at")


def _why_not(error: "PostgresError", template: str, user: str) -> str:
    from psycopg import errors

    if isinstance(error, errors.InvalidCatalogName):
        return f"The Postgres for proofs has no database {template}: make it, or correct `template` in gate.yaml."
    if isinstance(error, errors.ObjectInUse):
        return (
            f"Somebody is connected to {template} on the Postgres for proofs. It can only be copied while nobody is: "
            "end that connection, or have a copy made for proofs alone."
        )
    if isinstance(error, errors.InsufficientPrivilege) and "copy" in str(error):
        return (
            f"The user {user} may not copy {template} on the Postgres for proofs: make it the owner, or "
            f"`ALTER DATABASE {template} IS_TEMPLATE true`."
        )
    if isinstance(error, errors.InsufficientPrivilege):
        return f"The user {user} may not make databases on the Postgres for proofs: `ALTER ROLE {user} CREATEDB`."
    if isinstance(error, errors.DiskFull):
        return "The disk of the Postgres for proofs is full: free some of it, or use fewer rows."
    return f"The Postgres for proofs made no database: {str(error).strip().splitlines()[0]}."


def _say(server: "Connection[tuple[Any, ...]]", name: str, what: str) -> None:
    row = server.execute("SELECT date_trunc('second', now())::text").fetchone()
    _run(server, "COMMENT ON DATABASE {} IS {}", _id(name), _text(f"Staging Gate: {what} {row[0] if row else '?'}"))


def _is_copy(name: str) -> bool:
    return "_t_" in name.removeprefix(PREFIX)


def _is_old(server: "Connection[tuple[Any, ...]]", said: str) -> bool:
    at = said.rpartition(" at ")[2]
    row = server.execute(
        "SELECT %s::timestamptz < now() - make_interval(days => %s)", [at or "-infinity", KEPT_DAYS]
    ).fetchone()
    return bool(row and row[0])


def _drop(server: "Connection[tuple[Any, ...]]", name: str) -> None:
    _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", _id(name))


def _lock(server: "Connection[tuple[Any, ...]]", name: str) -> None:
    server.execute("SELECT pg_advisory_lock(%s)", [_key(name)])


def _try_lock(server: "Connection[tuple[Any, ...]]", name: str) -> bool:
    row = server.execute("SELECT pg_try_advisory_lock(%s)", [_key(name)]).fetchone()
    return bool(row and row[0])


def _unlock(server: "Connection[tuple[Any, ...]]", name: str) -> None:
    server.execute("SELECT pg_advisory_unlock(%s)", [_key(name)])


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _run(server: "Connection[tuple[Any, ...]]", statement: LiteralString, *parts: "Composable") -> None:
    from psycopg import sql

    server.execute(sql.SQL(statement).format(*parts))


def _id(name: str) -> "Composable":
    from psycopg import sql

    return sql.Identifier(name)


def _text(text: str) -> "Composable":
    from psycopg import sql

    return sql.Literal(text)
