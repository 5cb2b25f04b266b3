"""Rollbacks on real databases: the real procedures, processes, proofs and data, on SQLite and on Postgres."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from staging_gate.adapters.local import Local, Settings, connect
from staging_gate.adapters.local.accounts import interpreter_for
from staging_gate.adapters.local.ports import free_port
from staging_gate.adapters.local.processes import adopt, dismiss
from staging_gate.adapters.schema import Keeper, Prover, SchemaStandIns
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.going_back import Wish
from staging_gate.testing.fakes import Outsides
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres
from staging_gate.testing.world import World
from tests.adapters.local.test_proofs import PROJECT
from tests.adapters.local.test_way_back import ADDED, DROPPED, RENAMED, SEED
from tests.adapters.schema.projects import migration
from tests.runbook.stories import closed

PRODUCTION = Environment.PRODUCTION
Rows = list[list[Any]]

SERVICE = """
import json, os, sqlite3, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS, QUERY = os.environ["DATABASE_URL"], open("query.sql").read()

def orders():
    if ADDRESS.startswith("sqlite"):
        database = sqlite3.connect(ADDRESS.removeprefix("sqlite:///"))
    else:
        import psycopg
        database = psycopg.connect(ADDRESS.replace("+psycopg", ""))
    try:
        return [list(row) for row in database.execute(QUERY).fetchall()]
    finally:
        database.close()

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            body, code = orders() if self.path == "/orders" else {
                "status": "healthy", "environment": os.environ["ENVIRONMENT"], "revision": os.environ["REVISION"]}, 200
        except Exception as error:
            body, code = str(error), 500
        payload = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SMOKE = """
import os, pathlib, sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/orders")
public = sys.argv[1].endswith(":" + os.environ["PUBLIC"])
if public and os.environ["ENVIRONMENT"] == "production" and pathlib.Path("broken").exists():
    sys.exit("the login is broken in production")
print("1 passed")
"""
RENAMED_AND_ADDED = migration(
    "0002",
    "0001",
    """
    op.alter_column("orders", "note", new_column_name="remark")
    op.add_column("orders", sa.Column("kind", sa.Text))
    op.execute("UPDATE orders SET kind = item")
    """,
    """
    op.drop_column("orders", "kind")
    op.alter_column("orders", "remark", new_column_name="note")
    """,
)
ROWS: Rows = [[1, "tea", "fragile"], [2, "cup", None]]


def reads(columns: str) -> dict[str, str]:
    return {"query.sql": f"SELECT {columns} FROM orders ORDER BY id"}


FIRST = {**PROJECT, "shop.py": SERVICE, "smoke.py": SMOKE, "seed.py": SEED, **reads("id, item, note")}


@pytest.fixture(scope="module")
def postgres() -> Iterator[TemporaryPostgres]:
    with temporary_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: TemporaryPostgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator["Shop"]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            addresses = {place: f"sqlite:///{tmp_path / place}.db" for place in Environment}
        else:
            made = {place: stack.enter_context(postgres.database()) for place in Environment}
            addresses = {place: at.replace("postgresql:", "postgresql+psycopg:") for place, at in made.items()}
        for place, address in addresses.items():
            monkeypatch.setenv(f"SHOP_{place.upper()}", address)
        one = Shop(tmp_path, addresses, postgres.address)
        stack.callback(one.end)
        one.begin()
        yield one


class PatientWorld(World):
    """What is real takes its time."""

    def settle(self, within: float = 120.0) -> None:
        super().settle(within)


class Shop:
    """v1.0.0 is in production and has two orders; what comes next may be broken there."""

    def __init__(self, folder: Path, addresses: dict[Environment, str], server: str) -> None:
        self.addresses, self.port = addresses, free_port()
        self.state = folder / "state"
        self.local = self._connect(server, str(folder / "world" / "repository.git"))
        (folder / "world").mkdir()
        World.begin(folder / "world", self._policy()).close()
        outsides = Outsides()
        for name in ("target", "smoke", "way_back"):
            setattr(outsides, name, cast(Any, getattr(self.local, name)))
        self.world = PatientWorld(folder / "world", outsides=outsides)

    def begin(self) -> None:
        repository, main = self.world.repository, self.world.revision("main").commit
        first = repository.commit(main, FIRST, "feat: a shop", "root", self.world.clock.now())
        for branch in ("main", "staging"):
            repository.move(f"refs/heads/{branch}", first)
        self.world.release("v1.0.0")
        self.execute("INSERT INTO orders (id, item, note) VALUES (1, 'tea', 'fragile'), (2, 'cup', NULL)")
        assert self.orders() == ROWS

    def release(self, migration: str, columns: str, broken: bool = False) -> DeploymentState:
        """v1.1.0, whose migration is 0002."""
        files = {"migrations/versions/0002_next.py": migration, **reads(columns)}
        return self.world.release("v1.1.0", files={**files, "broken": "x"} if broken else files).state

    def orders(self) -> Rows | int:
        """What production answers; the status where it is no answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/orders", timeout=10) as answer:
                return cast(Rows, json.load(answer))
        except urllib.error.HTTPError as error:
            return error.code

    def rows(self, columns: str) -> Rows:
        """What production's database holds."""
        found = self.execute(f"SELECT {columns} FROM orders ORDER BY id")
        return [list(row) for row in found]

    def stands_at(self) -> list[tuple[Any, ...]]:
        return self.execute("SELECT version_num FROM alembic_version")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        import sqlite3

        address = self.addresses[PRODUCTION]
        if address.startswith("sqlite"):
            with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database, database:
                return database.execute(statement).fetchall()
        with psycopg.connect(address.replace("+psycopg", "")) as postgres:
            cursor = postgres.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def end(self) -> None:
        self.world.close()
        for state in self.state.glob("places/*/processes/*/process.json"):
            if process := adopt(state):
                process.stop(within=0)
        self.local.proxy.stop()
        dismiss()

    def _connect(self, server: str, repository: str) -> Local:
        prover = Prover(server)
        settings = Settings(self.state, interpreter_for(None))
        return connect(settings, lambda: repository, prover, Keeper(server), SchemaStandIns(prover))

    def _policy(self) -> str:
        ports = {Environment.STAGING: free_port(), PRODUCTION: self.port}
        return gate_yaml(
            production={"requires": ["verified_in_staging", "way_back_proved"]},
            service={
                "build": "chmod 755 .venv/bin/python",
                "schema": {"alembic": "alembic.ini", "database": "DATABASE_URL", "seed": "python seed.py"},
                "run": "python shop.py $PORT",
                "smoke": {"command": "python smoke.py $URL"},
                "targets": {
                    place.value: {
                        "local": {
                            "port": port,
                            "environ": {"DATABASE_URL": f"env:SHOP_{place.upper()}", "PUBLIC": str(port)},
                        }
                    }
                    for place, port in ports.items()
                },
            },
        )


def test_an_added_column_lets_the_traffic_go_back_alone(shop: Shop) -> None:
    assert shop.release(ADDED, "id, item, note, tip", broken=True) is DeploymentState.ROLLED_BACK

    assert shop.orders() == ROWS
    assert shop.stands_at() == [("0002",)]
    assert shop.rows("id, item, note, tip") == [[*row, None] for row in ROWS]


def test_a_renamed_column_goes_back_with_all_that_is_in_it(shop: Shop) -> None:
    assert shop.release(RENAMED, "id, item, remark", broken=True) is DeploymentState.ROLLED_BACK

    rollback = shop.world.deployments(PRODUCTION)[-1]
    assert (rollback.state, rollback.downgrades) == (DeploymentState.SUCCEEDED, True)
    assert shop.orders() == ROWS
    assert shop.stands_at() == [("0001",)]


def test_what_a_downgrade_drops_is_kept_until_a_person_lets_it_go(shop: Shop) -> None:
    assert shop.release(RENAMED_AND_ADDED, "id, item, remark, kind", broken=True) is DeploymentState.FAILED
    assert shop.orders() == [[1, "tea", "fragile", "tea"], [2, "cup", None, "cup"]]
    assert closed(lambda: shop.world.roll_back("v1.0.0")) == ("loses_data",)
    shop.execute("UPDATE orders SET remark = 'heavy' WHERE id = 2")

    assert shop.world.roll_back("v1.0.0", wish=Wish(accept_data_loss=True)).state is DeploymentState.SUCCEEDED
    assert shop.orders() == [[1, "tea", "fragile"], [2, "cup", "heavy"]]
    assert shop.stands_at() == [("0001",)]


def test_a_dropped_column_keeps_the_new_release_live(shop: Shop) -> None:
    world = shop.world
    world.ship_to_staging(
        "feat: fewer columns", {**reads("id, item"), "broken": "x"} | {"migrations/versions/0002_next.py": DROPPED}
    )
    change = world.prepare_release("v1.1.0", merged=False)
    assert closed(lambda: world.merge(change, "tess")) == ("way_back_irreversible",)
    world.bypass(change, "way_back_irreversible")
    world.merge(change, "tess")

    assert world.publish("v1.1.0").state is DeploymentState.FAILED
    with world.store.reading() as tx:
        [incident] = tx.incidents.open()
    assert "the downgrade fails: 0002: NotImplementedError" in incident.details.replace("The", "the")
    assert shop.orders() == shop.rows("id, item") == [[1, "tea"], [2, "cup"]]

    world.roll_back("v1.0.0", wish=Wish(switch_only=True))
    assert shop.orders() == 500, "at one's own risk"
    assert shop.rows("id, item") == [[1, "tea"], [2, "cup"]]
