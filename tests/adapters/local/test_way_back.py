"""The release before, tried for real: a small service with migrations, on SQLite and on Postgres."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest

from staging_gate.adapters.local import Local, connect, procfs
from staging_gate.adapters.local.waiting import Limit
from staging_gate.adapters.schema import Prover, SchemaStandIns
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Health, Schema, Service, Target
from staging_gate.domain.way_back import Loss, TriedOn, Try, WayBackVerdict, verdict_of
from staging_gate.ports.errors import Stopped, Unavailable
from staging_gate.ports.way_back import Side, WayBackOrder
from staging_gate.testing import eventually
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres
from tests.adapters.local.sample import World, never, service
from tests.adapters.local.test_kills import killed_after
from tests.adapters.local.test_proofs import PROJECT, committed
from tests.adapters.schema.projects import migration

ROOT = Path(__file__).parents[3]
LOG = "ways-back/try"
SERVICE = """
import json, os, sqlite3, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS = os.environ["DATABASE_URL"]

def execute(statement):
    if ADDRESS.startswith("sqlite"):
        database = sqlite3.connect(ADDRESS.removeprefix("sqlite:///"))
    else:
        import psycopg
        database = psycopg.connect(ADDRESS.replace("+psycopg", ""))
    with database:
        found = database.execute(statement)
        return found.fetchall() if found.description else []

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = {"status": "healthy", "environment": os.environ["ENVIRONMENT"], "revision": os.environ["REVISION"]}
        if self.path == "/notes":
            execute("INSERT INTO orders (id, item) VALUES (1000, 'tried')")
            body = [note for (note,) in execute("SELECT note FROM orders WHERE note IS NOT NULL")]
        payload = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
    def log_message(self, *_):
        pass

if os.environ.get("KEY") != "sesame":
    sys.exit("no key")
execute("SELECT item FROM orders")
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SMOKE = """
import json, sys, urllib.request
notes = json.load(urllib.request.urlopen(sys.argv[1] + "/notes"))
assert notes == ["fragile"], notes
print("1 passed")
"""
SEED = """
import os, sqlite3
address = os.environ["DATABASE_URL"]
rows = "(1, 'x', 'fragile')", "(2, 'y', NULL)"
if address.startswith("sqlite"):
    database = sqlite3.connect(address.removeprefix("sqlite:///"))
else:
    import psycopg
    database = psycopg.connect(address.replace("+psycopg", ""))
for row in rows:
    database.execute("INSERT INTO orders (id, item, note) VALUES " + row)
database.commit()
"""
SHOP = {**PROJECT, "shop.py": SERVICE, "smoke.py": SMOKE, "seed.py": SEED}
ADDRESSES = {"sqlite": "sqlite:///shop.db", "postgres": "postgresql+psycopg://nobody@nowhere/shop"}

ADDED = migration(
    "0002", "0001", 'op.add_column("orders", sa.Column("tip", sa.Integer))', 'op.drop_column("orders", "tip")'
)
RENAMED = migration(
    "0002",
    "0001",
    'op.alter_column("orders", "note", new_column_name="remark")',
    'op.alter_column("orders", "remark", new_column_name="note")',
)
REQUIRED = migration(
    "0002",
    "0001",
    """
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("kind", sa.Text))
    op.execute("UPDATE orders SET kind = item")
    with op.batch_alter_table("orders") as orders:
        orders.alter_column("kind", nullable=False)
    """,
    """
    with op.batch_alter_table("orders") as orders:
        orders.drop_column("kind")
    """,
)
DROPPED = migration("0002", "0001", 'op.drop_column("orders", "note")', "raise NotImplementedError")


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    with temporary_postgres() as server:
        yield server


ON_SQLITE = pytest.mark.parametrize("kind", ["sqlite"])
"""For what has nothing to do with the kind of database."""


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(world: World, kind: str, postgres: TemporaryPostgres, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Shop]":
    monkeypatch.setenv("SHOP_KEY", "sesame")
    one = Shop(world, kind, postgres.address)
    yield one
    assert one.leftovers() == []


class Shop:
    """A product whose first release is in production, with the local adapter that tries ways back to it."""

    def __init__(self, world: World, kind: str, server: str, old: Revision | None = None) -> None:
        self.world, self.kind, self.server = world, kind, server
        self.old = old or committed(world, SHOP)

    def local(self, server: str | None = None) -> Local:
        prover = Prover(self.server if server is None else server)
        settings, path = self.world.settings, str(self.world.repository.path)
        return connect(settings, lambda: path, prover, None, SchemaStandIns(prover))

    def service(self, **changes: object) -> Service:
        environ = {"DATABASE_URL": ADDRESSES[self.kind], "KEY": "env:SHOP_KEY"}
        base = service(
            run=("python", "shop.py", "$PORT"),
            health=Health(within=timedelta(seconds=15)),
            schema=Schema("alembic", "alembic.ini", "DATABASE_URL", seed=("python", "seed.py")),
            smoke=("python", "smoke.py", "$URL"),
            targets={Environment.STAGING: Target("local", 8001, environ=environ)},
        )
        return replace(base, **changes)  # type: ignore[arg-type]

    def next(self, text: str) -> Revision:
        return committed(self.world, {"migrations/versions/0002_next.py": text})

    def order(self, new: Revision, on: TriedOn, old: Service | None = None, **changes: object) -> WayBackOrder:
        before, after = (
            Side("v1.0.0", self.old, (old or self.service(),), "v1.0.0"),
            Side("v1.1.0", new, (self.service(),)),
        )
        order = WayBackOrder("try", after, before, on, (), timedelta(minutes=2), LOG)
        return replace(order, **changes)  # type: ignore[arg-type]

    def proved(self, text: str) -> tuple[WayBackVerdict, list[Try]]:
        """As the procedure does it."""
        new, tries, local = self.next(text), [], self.local()
        for on in TriedOn:
            tries.append(local.way_back.prove(self.order(new, on), never))
            if tries[-1].works is not False:
                break
        return verdict_of(tries), tries

    def leftovers(self) -> list[str]:
        """Folders, databases and processes that are there after all."""
        folders = [str(path) for path in self.world.layout.scratch.glob("*")]
        with psycopg.connect(self.server) as database:
            names = database.execute("SELECT datname FROM pg_database WHERE datname LIKE 'gate_proof_%'")
            databases = [str(name) for (name,) in names]
        return folders + databases + processes_of(self.world)


def processes_of(world: World) -> list[str]:
    """Those that run in our builds or work in our scratch folder."""
    found = []
    for pid in procfs.everybody():
        try:
            here = Path(os.readlink(f"/proc/{pid}/cwd"))
        except OSError:
            continue
        if here.is_relative_to(world.layout.builds) or here.is_relative_to(world.layout.scratch):
            found.append(f"{pid} {procfs.arguments(pid)}")
    return found


def test_an_added_column_is_compatible(shop: Shop) -> None:
    verdict, tries = shop.proved(ADDED)

    assert verdict is WayBackVerdict.COMPATIBLE, tries
    assert tries[0].evidence == ("api of v1.0.0 was healthy on the upgraded database: 1 passed.",)
    assert tries[0].losses == ()


def test_a_renamed_column_is_reversible_and_loses_nothing(shop: Shop) -> None:
    verdict, tries = shop.proved(RENAMED)

    assert verdict is WayBackVerdict.REVERSIBLE, tries
    [failed] = tries[0].evidence
    assert failed.startswith("The smoke tests of api of v1.0.0 failed on the upgraded database: their command ended wi")
    assert tries[1].evidence == ("api of v1.0.0 was healthy on the database after its downgrade: 1 passed.",)
    assert tries[1].losses == ()


def test_what_a_downgrade_drops_is_lost_and_counted(shop: Shop) -> None:
    verdict, tries = shop.proved(REQUIRED)

    assert verdict is WayBackVerdict.REVERSIBLE, tries
    assert tries[1].losses == (Loss("column orders.kind", 2),)


def test_a_dropped_column_that_nothing_brings_back_is_irreversible(shop: Shop) -> None:
    verdict, tries = shop.proved(DROPPED)

    assert verdict is WayBackVerdict.IRREVERSIBLE, tries
    assert tries[1].evidence == ("The downgrade fails: 0002: NotImplementedError.",)
    assert tries[2].evidence == ("api of v1.0.0 was healthy on a database of its own: 1 passed.",)
    assert "NotImplementedError" in shop.world.log(LOG)


@ON_SQLITE
def test_without_rows_it_is_said(shop: Shop) -> None:
    schema = Schema("alembic", "alembic.ini", "DATABASE_URL")
    old = shop.service(schema=schema, smoke=("python", "-c", "print('1 passed')"))
    tried = shop.local().way_back.prove(shop.order(shop.next(ADDED), TriedOn.UPGRADED, old), never)

    assert tried.works
    assert tried.evidence[0].startswith("No rows to try them on: `schema` has no `seed`")


@ON_SQLITE
def test_migrations_that_fail_say_nothing_about_the_way_back(shop: Shop) -> None:
    verdict, tries = shop.proved(migration("0002", "0001", 'op.drop_table("nothing")'))

    assert verdict is WayBackVerdict.UNKNOWN
    [said] = tries[0].evidence
    assert said.startswith("The migrations of the next release fail on its database: 0002: ")


@ON_SQLITE
def test_a_release_that_works_nowhere_says_nothing_either(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "another one")
    verdict, tries = shop.proved(ADDED)

    assert verdict is WayBackVerdict.UNKNOWN
    assert [tried.works for tried in tries] == [False, False, False]
    for tried, where in zip(tries, ("the upgraded database", "the database after its downgrade"), strict=False):
        [said] = tried.evidence
        assert re.fullmatch(
            rf"api of v1\.0\.0 ended with exit code 1 on {where}, \d\.\d s after its start: no key", said
        )


@ON_SQLITE
def test_a_secret_that_is_missing_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_KEY")
    _, [tried] = shop.proved(ADDED)

    assert tried.works is None
    assert tried.evidence[0].startswith("A secret is missing. KEY is env:SHOP_KEY, but SHOP_KEY is not set where")


def test_no_secret_is_in_what_is_said(shop: Shop) -> None:
    told = (
        "python",
        "-c",
        "import os, sys; sys.exit('FAILED: ' + os.environ['KEY'] + ' ' + os.environ['DATABASE_URL'])",
    )
    order = shop.order(shop.next(ADDED), TriedOn.UPGRADED, shop.service(smoke=told))
    tried = shop.local().way_back.prove(order, never)

    assert tried.works is False
    assert tried.evidence[-1].endswith("FAILED: [redacted] [redacted].")


def test_without_a_server_there_is_nothing_to_try_it_on(shop: Shop) -> None:
    if shop.kind == "sqlite":
        assert shop.local("").way_back.prove(shop.order(shop.next(ADDED), TriedOn.UPGRADED), never).works
        return
    nowhere = shop.local("postgresql://nobody:hidden@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable, match="The Postgres for proofs does not answer as it should") as no:
        nowhere.way_back.prove(shop.order(shop.next(ADDED), TriedOn.UPGRADED), never)
    assert "hidden" not in str(no.value) + no.value.evidence


@ON_SQLITE
def test_services_of_other_providers_can_not_be_tried(shop: Shop) -> None:
    target = Target("render", identity="srv-1", environ={"DATABASE_URL": ADDRESSES[shop.kind]})
    old = shop.service(targets={Environment.STAGING: target})
    tried = shop.local().way_back.prove(shop.order(shop.next(ADDED), TriedOn.UPGRADED, old), never)

    assert (tried.works, tried.evidence) == (
        None,
        ("api runs at render: only services of this machine can be tried beside it.",),
    )


@ON_SQLITE
def test_a_sister_service_gets_the_same_database(shop: Shop) -> None:
    """Also one that has no schema of its own: it must not write to staging's."""
    alone = ("python", "-c", f"import os; assert {ADDRESSES[shop.kind]!r} != os.environ['DATABASE_URL'], 'staging'")
    worker = shop.service(name="worker", schema=None, smoke=alone)
    order = shop.order(shop.next(ADDED), TriedOn.UPGRADED)
    both = replace(order, old=replace(order.old, services=(*order.old.services, worker)))
    tried = shop.local().way_back.prove(both, never)

    assert tried.works, tried.evidence
    assert [said.split()[0] for said in tried.evidence] == ["api", "worker"]


@ON_SQLITE
def test_its_time_is_limited(shop: Shop) -> None:
    slow = shop.service(run=("python", "-c", "import threading; threading.Event().wait(60)"))
    order = shop.order(shop.next(ADDED), TriedOn.UPGRADED, slow, within=timedelta(seconds=3))
    tried = shop.local().way_back.prove(order, never)

    assert (tried.works, tried.evidence) == (None, ("It was not done within 0.05 min.",))


@ON_SQLITE
def test_cancelled_it_ends_and_leaves_nothing(shop: Shop) -> None:
    slow = shop.service(run=("python", "-uc", "import threading; print('here'); threading.Event().wait(60)"))
    order = shop.order(shop.next(ADDED), TriedOn.UPGRADED, slow)
    local = shop.local()
    with pytest.raises(Stopped):
        local.way_back.prove(order, lambda: bool(local.logs.tail(f"{LOG}/run-api")))


CONTROLLER = f"""
import sys
sys.path[:0] = [{str(ROOT / "src")!r}, {str(ROOT)!r}]
from tests.adapters.local.sample import *
from tests.adapters.local.test_way_back import *
state, repository, kind, server, commit, tree, old = sys.argv[1:]
world = a_world(Path(state), Repository(Path(repository)))
shop = Shop(world, kind, server, Revision(*old.split()))
order = shop.order(Revision(commit, tree), TriedOn.DOWNGRADED)
print("ready", flush=True)
sys.stdin.read(1)
shop.local().way_back.prove(order, never)
"""


def test_killed_at_any_moment_nothing_is_left(shop: Shop, rng: random.Random, in_full: bool) -> None:
    new = shop.next(REQUIRED)
    order = shop.order(new, TriedOn.DOWNGRADED)
    assert shop.local().way_back.prove(order, never).works  # from now on both are built
    killed = 0
    for number in range(24 if in_full else 3):
        one = controller(shop, new)
        killed += killed_after(one, rng.uniform(0.1, 1.6))
        again = shop.local()
        if number % 2:
            assert again.way_back.prove(order, never).losses == (Loss("column orders.kind", 2),)
        eventually(partial(swept, shop, again))
    print(f"{killed} of {number + 1} were killed")


def swept(shop: Shop, local: Local) -> bool:
    """As the ticks do it: the server notices a moment later that its client is gone."""
    local.checks._next_look = Limit(0)
    local.checks.clean_up()
    return shop.leftovers() == []


def controller(shop: Shop, new: Revision) -> "subprocess.Popen[bytes]":
    """Another process that begins to try as soon as it is given a byte."""
    world, old = shop.world, f"{shop.old.commit} {shop.old.tree}"
    state, repository = str(world.settings.state), str(world.repository.path)
    argv = [sys.executable, "-c", CONTROLLER, state, repository, shop.kind, shop.server, new.commit, new.tree, old]
    started = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdout and started.stdout.readline() == b"ready\n"
    return started
