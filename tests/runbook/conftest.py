"""Stories in a world. What many begin with is told once per session and put aside; each test goes on from it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import pytest

from staging_gate.domain.audit import verify_chain
from staging_gate.domain.environment import Environment
from staging_gate.store import SqliteInbox
from staging_gate.testing.connected import ConnectedWorld, VercelWorld
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres
from staging_gate.testing.world import SavedWorld, World
from tests.runbook.shown import Shown, show

# On Postgres too: one or more of every procedure, and all races (on SQLite writers come one after the other).
# With STAGING_GATE_TEST_ALL every story.
ON_POSTGRES = {"test_deploy_staging", "test_roll_back", "test_merging"}
RACES = ("at_once", "twice", "same_moment")

Tale = Callable[[World], object]


@dataclass
class Beginnings:
    """Worlds of one kind in which a tale has been told, on SQLite or on Postgres."""

    folder: Path
    stack: ExitStack
    postgres: TemporaryPostgres | None = None
    kind: type[World] = World
    _told: dict[Tale, tuple[SavedWorld, str]] = field(default_factory=dict)

    @contextmanager
    def after(self, tale: Tale, folder: Path) -> Iterator[World]:
        """A world of one's own that goes on from there; its folder is gone afterwards."""
        saved, template = self._told.get(tale) or self._tell(tale)
        with ExitStack() as stack:
            address = stack.enter_context(self.postgres.database(template)) if self.postgres else None
            stack.callback(rmtree, folder, ignore_errors=True)
            world = saved.open(folder, address)
            stack.callback(world.close)
            yield world

    def _tell(self, tale: Tale) -> tuple[SavedWorld, str]:
        folder = self.folder / str(len(self._told))
        folder.mkdir()
        address = self.stack.enter_context(self.postgres.database()) if self.postgres else None
        world = self.kind.begin(folder, database=address)
        tale(world)
        self._told[tale] = (world.save(), address.rpartition("/")[2] if address else "")
        return self._told[tale]


# --- what has happened before ------------------------------------------------------------------------------------


def nothing(world: World) -> None:
    """main and staging are the same; nothing was ever deployed."""


def v1_0_0(world: World) -> None:
    """v1.0.0 is in production, proved."""
    world.release("v1.0.0")
    assert world.production.live() == "v1.0.0"


def v1_1_0(world: World) -> None:
    """v1.1.0 is in production, v1.0.0 was before."""
    v1_0_0(world)
    world.release("v1.1.0")
    assert world.production.live() == "v1.1.0"


def v1_1_0_is_merged(world: World) -> None:
    """v1.1.0 is on main and waits for its tag; production still runs v1.0.0."""
    v1_0_0(world)
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")


# --- fixtures ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    with temporary_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def beginnings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginnings]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with ExitStack() as stack:
        yield Beginnings(tmp_path_factory.mktemp("beginnings"), stack, server)


@pytest.fixture(scope="session")
def connected_beginnings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginnings]:
    with ExitStack() as stack:
        yield Beginnings(tmp_path_factory.mktemp("connected"), stack, kind=ConnectedWorld)


@pytest.fixture(scope="session")
def vercel_beginnings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginnings]:
    with ExitStack() as stack:
        yield Beginnings(tmp_path_factory.mktemp("vercel"), stack, kind=VercelWorld)


@pytest.fixture
def world(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[World]:
    yield from _story(request, beginnings, nothing, tmp_path)


@pytest.fixture
def released(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[World]:
    yield from _story(request, beginnings, v1_0_0, tmp_path)


@pytest.fixture
def two(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[World]:
    yield from _story(request, beginnings, v1_1_0, tmp_path)


@pytest.fixture
def merged(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[World]:
    yield from _story(request, beginnings, v1_1_0_is_merged, tmp_path)


def _begun(beginnings: str, tale: Tale) -> Callable[..., Iterator[World]]:
    @pytest.fixture
    def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
        yield from _story(request, request.getfixturevalue(beginnings), tale, tmp_path)

    return world


# The code is at GitHub, the services are at Render, or at Vercel.
connected = _begun("connected_beginnings", nothing)
connected_merged = _begun("connected_beginnings", v1_1_0_is_merged)
connected_two = _begun("connected_beginnings", v1_1_0)
at_vercel = _begun("vercel_beginnings", nothing)
at_vercel_merged = _begun("vercel_beginnings", v1_1_0_is_merged)
at_vercel_two = _begun("vercel_beginnings", v1_1_0)


@pytest.fixture
def shown(world: World, tmp_path: Path) -> Iterator[Shown]:
    yield from show(world, tmp_path)


@pytest.fixture
def released_and_shown(released: World, tmp_path: Path) -> Iterator[Shown]:
    yield from show(released, tmp_path)


@pytest.fixture
def merged_and_shown(merged: World, tmp_path: Path) -> Iterator[Shown]:
    yield from show(merged, tmp_path)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[SqliteInbox]:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    yield inbox
    inbox.close()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """`made(policy=...)` begins a world with another policy."""
    with ExitStack() as stack:

        def make(policy: str | None = "") -> World:
            world = World.begin(tmp_path, policy)
            stack.callback(world.close)
            stack.callback(check_whole, world)
            return world

        yield make


@pytest.fixture
def a_run_breaks() -> None:
    """For stories in which our own machine breaks: a run that is stuck at the end is no mistake there."""


def check_whole(world: World, a_run_broke: bool = False) -> None:
    """What is true after every story, whatever happened in it."""
    world.settle()
    with world.store.reading() as tx:
        report = verify_chain(tx.audit_log.entries())
        busy = [tx.deployments.occupying(environment) for environment in Environment]
    assert report.intact, report.why
    assert busy == [None, None]
    assert world.target.overlaps() == []
    assert bool(world.stuck()) == a_run_broke, world.stuck()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every story on SQLite; on Postgres some, or all."""
    if "beginnings" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".")[2]
        race = any(word in metafunc.function.__name__ for word in RACES)
        both = "STAGING_GATE_TEST_ALL" in os.environ or module in ON_POSTGRES or race
        stores = ["sqlite", "postgres"] if both and module != "test_kill_loop" else ["sqlite"]
        metafunc.parametrize("beginnings", stores, indirect=True, scope="session")


def _story(request: pytest.FixtureRequest, beginnings: Beginnings, tale: Tale, folder: Path) -> Iterator[World]:
    with beginnings.after(tale, folder) as world:
        yield world
        check_whole(world, "a_run_breaks" in request.fixturenames)
