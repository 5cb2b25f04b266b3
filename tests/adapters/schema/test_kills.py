"""What a killed proof leaves is removed; what a living one, or another installation, has is not."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from staging_gate.adapters.schema.clones import Clones
from staging_gate.adapters.schema.prover import Prover
from staging_gate.ports.errors import Unavailable
from staging_gate.testing import eventually
from staging_gate.testing.postgres import TemporaryPostgres

US, OTHERS = secrets.token_hex(4), secrets.token_hex(4)
"""New ones each time: a run of these tests that was killed itself may have left something."""
Start = Callable[..., "Proving"]


class Proving:
    """A process of ours in the middle of a proof."""

    def __init__(self, owner: str, server: str = "") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.schema.killed", owner, server],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self._process.stdout
        self.address = self._process.stdout.readline().strip()
        self.clone = self.address.rpartition("/")[2]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Proving] = []

    def begin(owner: str, server: str = "") -> Proving:
        started.append(Proving(owner, server))
        return started[-1]

    yield begin
    for proving in started:
        proving.end()


def there(server: TemporaryPostgres) -> set[str]:
    with psycopg.connect(server.address, autocommit=True) as database:
        return {name for (name,) in database.execute("SELECT datname FROM pg_database")}


def test_the_clone_of_a_killed_proof_is_dropped_and_those_of_the_living_stay(
    server: TemporaryPostgres, start: Start
) -> None:
    ours, neighbour, others = start(US, server.address), start(US, server.address), start(OTHERS, server.address)
    assert Prover(server.address, US).sweep() == []
    ours.kill()
    others.kill()

    # The server notices a moment later that the connection is gone.
    dropped = eventually(lambda: Prover(server.address, US).sweep())

    assert dropped == [ours.clone]
    assert ours.clone not in there(server)
    assert {neighbour.clone, others.clone} <= there(server)
    assert eventually(lambda: Prover(server.address, OTHERS).sweep()) == [others.clone]


def test_a_person_sees_whose_a_clone_is_and_since_when(server: TemporaryPostgres) -> None:
    with Clones(server.address, US).make() as name, psycopg.connect(server.address) as database:
        [said] = database.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone() or ("",)

    assert name.startswith(f"gate_proof_{US}_")
    assert said.startswith("Staging Gate: clone for a proof of migrations that began at 20")


def test_a_killed_one_leaves_no_server_and_no_folder(start: Start) -> None:
    ours, neighbour = start(US), start(US)
    before = set(Path(tempfile.gettempdir()).glob(f"staging-gate-postgres-{US}-*"))
    ours.kill()

    [removed] = Prover(owner=US).sweep()

    assert not Path(tempfile.gettempdir(), removed).exists()
    assert len(before - set(Path(tempfile.gettempdir()).glob(f"staging-gate-postgres-{US}-*"))) == 2  # and its lock
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(ours.address, connect_timeout=5)
    psycopg.connect(neighbour.address).close()
    assert Prover(owner=US).sweep() == []


def test_a_copy_of_a_dump_is_dropped_when_nobody_has_used_it_for_long(server: TemporaryPostgres) -> None:
    clones = Clones(server.address, US)
    name = clones.kept("content", lambda draft: None)
    assert clones.sweep() == []
    assert clones.kept("content", lambda draft: pytest.fail("it is there")) == name

    with psycopg.connect(server.address, autocommit=True) as database:
        database.execute(f"COMMENT ON DATABASE \"{name}\" IS 'x at 2020-01-01 00:00:00+00'".encode())

    assert clones.sweep() == [name]


def test_a_copy_that_could_not_be_made_is_not_kept(server: TemporaryPostgres) -> None:
    def break_down(draft: str) -> None:
        raise Unavailable("no")

    before = there(server)
    with pytest.raises(Unavailable):
        Clones(server.address, US).kept("other content", break_down)

    assert there(server) == before
