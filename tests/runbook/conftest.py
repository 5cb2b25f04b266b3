"""Stories in a world: the usual one, or one with v1.0.0 in production; made once per session, opened per test."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from staging_gate.domain.audit import verify_chain
from staging_gate.domain.environment import Environment
from staging_gate.testing.postgres import TemporaryPostgres, temporary_postgres
from staging_gate.testing.world import SavedWorld, World

# On Postgres too: one or more of every procedure. With STAGING_GATE_TEST_ALL every story.
ON_POSTGRES = {"test_deploy_staging", "test_roll_back", "test_merging"}


@dataclass(frozen=True)
class Opener:
    """Opens worlds that go on from a saved one, on SQLite or on Postgres."""

    saved: SavedWorld
    postgres: TemporaryPostgres | None = None
    template: str = ""

    @contextmanager
    def open(self, folder: Path) -> Iterator[World]:
        with ExitStack() as stack:
            address = stack.enter_context(self.postgres.database(self.template)) if self.postgres else None
            world = self.saved.open(folder, address)
            stack.callback(world.close)
            yield world


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    with temporary_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def beginnings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Opener]]:
    """`usual` and `released`, on one kind of database."""
    with ExitStack() as stack:
        openers = {}
        for name, tell in {"usual": nothing, "released": release_the_first}.items():
            folder = tmp_path_factory.mktemp(name)
            server = request.getfixturevalue("postgres") if request.param == "postgres" else None
            address = stack.enter_context(server.database()) if server else None
            world = World.begin(folder, database=address)
            tell(world)
            openers[name] = Opener(world.save(), server, address.rpartition("/")[2] if address else "")
        yield openers


def nothing(world: World) -> None:
    """The story that has not begun."""


def release_the_first(world: World) -> None:
    assert world.release("v1.0.0").release == "v1.0.0"
    assert world.production.live() == "v1.0.0"


@pytest.fixture
def world(request: pytest.FixtureRequest, beginnings: dict[str, Opener], tmp_path: Path) -> Iterator[World]:
    """main and staging are the same, nothing was ever deployed."""
    with beginnings["usual"].open(tmp_path) as world:
        yield world
        check_whole(world, "a_run_breaks" in request.fixturenames)


@pytest.fixture
def released(request: pytest.FixtureRequest, beginnings: dict[str, Opener], tmp_path: Path) -> Iterator[World]:
    """v1.0.0 is in production, proved."""
    with beginnings["released"].open(tmp_path) as world:
        yield world
        check_whole(world, "a_run_breaks" in request.fixturenames)


@pytest.fixture
def a_run_breaks() -> None:
    """For stories in which our own machine breaks: a run that is stuck at the end is no mistake there."""


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
        both = "STAGING_GATE_TEST_ALL" in os.environ or module in ON_POSTGRES
        stores = ["sqlite", "postgres"] if both else ["sqlite"]
        metafunc.parametrize("beginnings", stores, indirect=True, scope="session")
