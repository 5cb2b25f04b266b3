"""What every deploy target that has databases promises of taking one back, as ports/deploy_target.py says it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Health, Schema, Service, Target
from staging_gate.ports.deploy_target import DeployTarget, Order
from staging_gate.ports.errors import Refused
from staging_gate.testing.deploy_target import FakeTarget
from staging_gate.testing.faults import Fault
from tests.adapters.local.sample import Repository, World, a_world, service

LOG = "staging-3/schema-api"
SCHEMA = Schema("alembic", "alembic.ini", "DATABASE_URL")
TOOL = """
import os, sys
from pathlib import Path
*_, verb, to = sys.argv if sys.argv[-1] != "heads" else [*sys.argv, ""]
heads = sorted(path.stem for path in Path("migrations/versions").glob("*.py"))[-1:]
if verb == "heads":
    sys.exit(print(*(f"{head} (head)" for head in heads), sep="\\n"))
database = Path(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
broken = database.with_name("broken")
if verb == "downgrade" and broken.exists():
    sys.exit("no such column: note")
database.write_text(heads[0] if to == "head" else to)
with database.with_name("runs").open("a") as runs:
    print(verb, to, os.environ["REVISION"], file=runs)
"""
TREE = {
    "alembic/__main__.py": TOOL,
    "alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n",
    "migrations/env.py": "",
}


class Stage(Protocol):
    """One implementation; of its releases the first has one migration, the second two."""

    @property
    def target(self) -> DeployTarget: ...
    @property
    def first(self) -> Order: ...
    @property
    def second(self) -> Order: ...

    def has(self, order: Order) -> bool:
        """Whether the database has exactly the migrations of this order's revision."""
        ...

    def times(self) -> int:
        """How often it was taken back."""
        ...

    def next_fails(self) -> None:
        """The next time that it is taken back."""
        ...

    def mend(self) -> None: ...


class LocalStage:
    def __init__(self, world: World, folder: Path) -> None:
        self.target, self._world, self._folder = world.local.target, world, folder
        self.first = self._order("staging-1", {**TREE, "migrations/versions/0001.py": ""})
        self.second = self._order("staging-2", {"migrations/versions/0002.py": ""})

    def has(self, order: Order) -> bool:
        return (self._folder / "db").read_text() == ("0001" if order == self.first else "0002")

    def times(self) -> int:
        runs = (self._folder / "runs").read_text().splitlines()
        back = [run.split() for run in runs if run.startswith("downgrade")]
        assert all(revision == self.second.revision.commit for _, _, revision in back), "only that has the downgrades"
        return len(back)

    def next_fails(self) -> None:
        (self._folder / "broken").touch()

    def mend(self) -> None:
        (self._folder / "broken").unlink()

    def _order(self, deployment: str, files: dict[str, str]) -> Order:
        environ = {"DATABASE_URL": f"sqlite:///{self._folder / 'db'}"}
        target = Target("local", self._world.port, environ=environ)
        revision = self._world.repository.commit_files(files)
        made = self._world.order(revision, deployment, service=service(schema=SCHEMA), target=target)
        self.target.build(made, f"{deployment}/build-api", lambda: False)
        return made


@contextmanager
def local(folder: Path) -> Iterator[Stage]:
    world = a_world(folder / "state", Repository(folder / "repository"))
    try:
        yield LocalStage(world, folder)
    finally:
        world.end()


class FakeStage:
    def __init__(self) -> None:
        self.target = FakeTarget()
        targets = {Environment.STAGING: Target("local")}
        api = Service("api", ("serve",), Health(), targets, schema=SCHEMA)
        self.first, self.second = (
            Order(f"staging-{n}", Environment.STAGING, api, Target("local"), Revision(f"{n:040}", f"{n:040}"))
            for n in (1, 2)
        )

    def has(self, order: Order) -> bool:
        return self.target.known.schemas[Environment.STAGING, "api"] == order.revision.tree

    def times(self) -> int:
        return len(self.target.known.downgraded)

    def next_fails(self) -> None:
        fault = Fault("downgrade_schema", Refused("The downgrade failed.", "no such column: note"), once=True)
        self.target.faults.arm("staging downgrade", fault)

    def mend(self) -> None:
        """It fails once."""


@contextmanager
def fake(folder: Path) -> Iterator[Stage]:
    yield FakeStage()


STAGES: dict[str, Callable[[Path], AbstractContextManager[Stage]]] = {"fake": fake, "local": local}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with STAGES[request.param](tmp_path) as one:
        one.target.upgrade_schema(one.first, LOG)
        one.target.upgrade_schema(one.second, LOG)
        assert one.has(one.second)
        yield one


def go_back(stage: Stage) -> str:
    return stage.target.downgrade_schema(replace(stage.first, deployment="staging-3"), stage.second, LOG)


def test_a_database_goes_back_to_the_migrations_of_the_earlier_revision(stage: Stage) -> None:
    assert go_back(stage)

    assert stage.has(stage.first)
    assert stage.times() == 1


def test_one_that_is_there_already_is_left_alone(stage: Stage) -> None:
    go_back(stage)

    assert go_back(stage)

    assert stage.has(stage.first)
    assert stage.times() == 1


def test_afterwards_the_later_revision_migrates_it_again(stage: Stage) -> None:
    go_back(stage)

    stage.target.upgrade_schema(stage.second, LOG)

    assert stage.has(stage.second)


def test_what_fails_is_refused_with_its_last_words_and_can_be_done_again(stage: Stage) -> None:
    stage.next_fails()
    with pytest.raises(Refused) as refused:
        go_back(stage)
    assert "no such column: note" in refused.value.evidence
    assert stage.has(stage.second)
    stage.mend()

    go_back(stage)

    assert stage.has(stage.first)
    assert stage.times() == 1
