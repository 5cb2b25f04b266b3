"""Copies of Postgres databases: `pg_dump`, and for proof `pg_restore` into a database that is thrown away."""

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from staging_gate.adapters.schema.clones import Clones
from staging_gate.adapters.schema.postgres import plain
from staging_gate.adapters.schema.programs import Programs, for_server, installed
from staging_gate.adapters.schema.sqlite_backup import no_room
from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.ports.databases import Copied, CopyJob
from staging_gate.ports.errors import Refused, Stopped, Unavailable
from staging_gate.wire.commands import Finished, stream

if TYPE_CHECKING:
    import psycopg

# A dump has no rows of tables that belong to an extension.
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind = 'r'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
"""
LOOKS = "SELECT pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba) FROM pg_database"
HERE = " WHERE datname = current_database()"
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {name}"
MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
ELSEWHERE = re.compile(
    r'extension "[^"]+" is not available|could not open extension control file|could not access file'
)
NOT_SECRET = ("host", "hostaddr", "port", "user", "sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding")

Counts = dict[str, int]


@dataclass(frozen=True)
class PostgresBackups:
    """`server` is the address of a Postgres where databases may be made and dropped; without one, a temporary server
    is started for each proof. `owner` names the installation."""

    server: str = ""
    owner: str = "nobody"

    def copy(self, address: str, job: CopyJob) -> Copied | None:
        with reading(address) as source:
            tools = for_server(source.info.server_version // 10_000)
            _look_for_room(source, job.file.parent)
            source.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            counted = _counts(source)
            if not set(counted) - {"public.alembic_version"}:
                return None
            revisions = revisions_in(source)
            snapshot = str(_one(source, "SELECT pg_export_snapshot()"))
            how = ("--format=custom", "--no-password", "--lock-wait-timeout=30s", f"--snapshot={snapshot}")
            job.file.touch(mode=0o600, exist_ok=False)
            dumped = _run(tools, "pg_dump", (*how, f"--file={job.file}"), address, job)
        if not dumped.ok:
            raise _failed("pg_dump", dumped, job)
        proof, note = self._prove(tools, counted, job)
        return Copied("postgres", revisions, len(counted), sum(counted.values()), proof, note)

    def _prove(self, tools: Programs, counted: Counts, job: CopyJob) -> tuple[BackupProof, str]:
        listed = _run(tools, "pg_restore", ("--list", str(job.file)), "", job)
        if not listed.ok:
            raise _failed("pg_restore --list", listed, job)
        try:
            with self._proof_server(tools) as server, Clones(server, self.owner).make("template0") as name:
                there = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
                how = ("--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions", "--exit-on-error")
                restored = _run(tools, "pg_restore", (*how, f"--dbname={_name(there)}", str(job.file)), there, job)
                if not restored.ok:
                    if ELSEWHERE.search(restored.tail):
                        return BackupProof.LISTED, f"The server for proofs has not all extensions: {_last(restored)}"
                    raise _failed("pg_restore", restored, job)
                with reading(there) as copied:
                    found = _counts(copied)
        except _NoServer as error:
            return BackupProof.LISTED, str(error)
        if found != counted:
            raise Unavailable("What was restored for proof has other rows than the database.")
        return BackupProof.RESTORED, ""

    @contextmanager
    def _proof_server(self, tools: Programs) -> Iterator[str]:
        """One that is not older than the dump. Raises _NoServer."""
        from staging_gate.adapters.schema.server import PostgresMissing, temporary_postgres

        if self.server:
            with reading(self.server) as there:
                fits = there.info.server_version // 10_000 >= tools.major
            if fits:
                yield plain(self.server)
                return
        fitting = [one for one in installed() if one.major >= tools.major and (one.folder / "pg_ctl").is_file()]
        if not fitting:
            raise _NoServer(f"There is no PostgreSQL {tools.major} here to restore it on for proof.")
        try:
            with temporary_postgres(fitting[0].folder, self.owner) as server:
                yield server.address
        except PostgresMissing as error:
            raise _NoServer(f"No PostgreSQL could be started to restore it on: {str(error).splitlines()[0]}") from error


class _NoServer(Exception):
    """There is nothing to restore it on; the text says why."""


def revisions(address: str) -> tuple[str, ...] | None:
    try:
        with reading(address, within=5) as source:
            return revisions_in(source)
    except (Unavailable, Refused):
        return None


def restoring(address: str, backup: Backup) -> tuple[str, ...]:
    """Beside it, then two names change: what is there now stays, and nothing is half restored at any moment."""
    name, looks, may_create, major = _name(address), (), True, 0
    try:
        with reading(address, within=5) as source:
            looks = source.execute(LOOKS + HERE).fetchone() or ()
            may_create = bool(_one(source, MAY_CREATE))
            major = source.info.server_version // 10_000
    except Unavailable:
        pass  # it is away, perhaps that is why somebody asks
    tools = for_server(major)
    known = _parameters(address)
    if not may_create:
        known["user"] = "postgres"
    new, aside = f"{name}_restored", f"{name}_before_{backup.deployment}"
    made = ["--template=template0", *_like(looks), new]
    sql = [tools.path("psql"), "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname=postgres"]
    return (
        *(f"export {variable}={shlex.quote(value)}" for variable, value in _variables(known, NOT_SECRET).items()),
        f'read -rsp "Password of {known.get("user", "the user")}: " PGPASSWORD; export PGPASSWORD',
        shlex.join([tools.path("createdb"), "--maintenance-db=postgres", *made]),
        shlex.join([tools.path("pg_restore"), "--exit-on-error", f"--dbname={new}", backup.file]),
        shlex.join([*sql, f"--command=ALTER DATABASE {_quoted(name)} WITH ALLOW_CONNECTIONS false"]),
        shlex.join([*sql, f"--command={TERMINATE.format(name=_literal(name))}"]),
        shlex.join([*sql, f"--command=ALTER DATABASE {_quoted(name)} RENAME TO {_quoted(aside)}"]),
        shlex.join([*sql, f"--command=ALTER DATABASE {_quoted(new)} RENAME TO {_quoted(name)}"]),
        "unset PGPASSWORD",
    )


@contextmanager
def reading(address: str, within: int = 15) -> "Iterator[psycopg.Connection[tuple[Any, ...]]]":
    """Raises Unavailable, without the password."""
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise Unavailable("To look into a Postgres database, install `staging-gate[postgres]`.") from error
    try:
        with psycopg.connect(plain(address), autocommit=True, connect_timeout=within) as connection:
            connection.execute("SET default_transaction_read_only = on")
            yield connection
    except psycopg.OperationalError as error:
        raise Unavailable("The database can not be reached.", str(error).strip()) from error
    except psycopg.Error as error:
        raise Unavailable(f"The database can not be read as a whole: {str(error).strip().splitlines()[0]}.") from error


def _run(tools: Programs, program: str, arguments: tuple[str, ...], address: str, job: CopyJob) -> Finished:
    """With the address in variables: a command line can be read by everybody on the machine."""
    known = _variables(_parameters(address)) if address else {}
    return stream(
        [tools.path(program), *arguments],
        environ={**job.environ, "LC_ALL": "C", **known},
        cwd=job.file.parent,
        within=job.within,
        output=job.said if "--list" not in arguments else _nobody,
        cancelled=job.cancelled,
    )


def _nobody(text: str) -> None:
    """A table of contents has nothing to tell."""


def _failed(program: str, finished: Finished, job: CopyJob) -> Stopped | Unavailable:
    if finished.stopped == "cancelled":
        return Stopped("The backup was cancelled.")
    if finished.stopped:
        return Unavailable(f"The backup was not done within {job.within:g} s.", finished.tail[-4000:])
    if "No space left on device" in finished.tail:
        free = shutil.disk_usage(job.file.parent).free
        return no_room(job.file.parent, free, free + job.file.stat().st_size)
    return Unavailable(f"The database can not be copied: {program} said {_last(finished)!r}.", finished.tail[-4000:])


def _last(finished: Finished) -> str:
    lines = [line.strip() for line in finished.tail.splitlines() if "error" in line.lower()] or [
        line.strip() for line in finished.tail.splitlines() if line.strip()
    ]
    return lines[0] if lines else "nothing"


def _look_for_room(source: "psycopg.Connection[tuple[Any, ...]]", folder: Path) -> None:
    """As much as the database has, though a dump is smaller: a disk that a backup fills takes production with it."""
    needed = int(_one(source, "SELECT pg_database_size(current_database())"))
    if (free := shutil.disk_usage(folder).free) < needed:
        raise no_room(folder, free, needed)


def _counts(source: "psycopg.Connection[tuple[Any, ...]]") -> Counts:
    from psycopg import sql

    count = sql.SQL("SELECT count(*) FROM ONLY {}")
    names = source.execute(TABLES).fetchall()
    return {f"{schema}.{name}": int(_one(source, count.format(sql.Identifier(schema, name)))) for schema, name in names}


def revisions_in(source: "psycopg.Connection[tuple[Any, ...]]") -> tuple[str, ...]:
    if not _one(source, "SELECT to_regclass('alembic_version') IS NOT NULL"):
        return ()
    return tuple(sorted(str(row[0]) for row in source.execute("SELECT version_num FROM alembic_version")))


def _one(source: "psycopg.Connection[tuple[Any, ...]]", query: Any) -> Any:
    row = source.execute(query).fetchone()
    return row[0] if row else None


def _parameters(address: str) -> dict[str, str]:
    from psycopg.conninfo import conninfo_to_dict

    return {name: str(value) for name, value in conninfo_to_dict(plain(address)).items() if value is not None}


def _variables(known: Mapping[str, str], only: tuple[str, ...] = ()) -> dict[str, str]:
    """As the programs of Postgres read them."""
    import psycopg

    options = {one.keyword.decode(): one.envvar for one in psycopg.pq.Conninfo.get_defaults()}
    wanted = {name: value for name, value in known.items() if not only or name in only}
    return {variable.decode(): value for name, value in wanted.items() if (variable := options.get(name))}


def _name(address: str) -> str:
    known = _parameters(address)
    return known.get("dbname") or known.get("user", "postgres")


def _like(looks: tuple[Any, ...]) -> list[str]:
    if not looks:
        return []
    encoding, collate, ctype, owner = looks
    return [f"--encoding={encoding}", f"--lc-collate={collate}", f"--lc-ctype={ctype}", f"--owner={owner}"]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
