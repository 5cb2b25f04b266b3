"""A Postgres that is killed and comes back, as a machine's own would."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from staging_gate.adapters.schema import server
from staging_gate.testing import eventually

PASSWORD = "s3cret-word"


@dataclass
class MortalPostgres:
    """Its data survive its own death, if not the machine's. `address` is of its database `postgres`."""

    folder: Path
    programs: Path
    port: int

    @property
    def address(self) -> str:
        return f"postgresql+psycopg://postgres:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        self._run("start", "-w", "-l", str(self.folder / "log"))

    def stop_at_once(self) -> None:
        """`-m immediate`: no session ends what it is doing, and the next start recovers."""
        self._run("stop", "-m", "immediate")

    def kill_session(self, pid: int) -> None:
        """SIGKILL: the server ends every session for that, recovers, and goes on."""
        os.kill(pid, signal.SIGKILL)
        eventually(self.answers)

    def answers(self) -> bool:
        try:
            self.ask("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.address.replace("+psycopg", ""), connect_timeout=5) as connection:
            return connection.execute(query.encode()).fetchall()

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.address.replace("+psycopg", ""), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def session(self, words: str) -> int | None:
        """The process that executes a statement with these words."""
        found = self.ask(f"SELECT pid FROM pg_stat_activity WHERE query LIKE '%{words}%' AND pid <> pg_backend_pid()")
        return int(str(found[0][0])) if found else None

    def _run(self, *arguments: str) -> None:
        argv: list[str | Path] = [self.programs / "pg_ctl", *arguments, "-D", self.folder / "data"]
        server._run(argv, server._account(), self.folder)


@contextmanager
def mortal_postgres() -> Iterator[MortalPostgres]:
    account = server._account()
    folder = Path(tempfile.mkdtemp(prefix="staging-gate-mortal-"))
    try:
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        programs = server._reachable(server._programs(), account, folder)
        server._initialize(programs, account, folder / "data", PASSWORD)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            one = MortalPostgres(folder, programs, probe.getsockname()[1])
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(server.SETTINGS.format(port=one.port))
            # As in production: what was acknowledged outlives the server.
            settings.write("\nsynchronous_commit = on\n")
        one.start()
        try:
            yield one
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                one.stop_at_once()
    finally:
        shutil.rmtree(folder)
