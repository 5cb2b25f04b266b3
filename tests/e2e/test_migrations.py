"""A server that is killed while it ships migrations, and a database that is brought back by the printed commands."""

import contextlib
import random
import shlex
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from staging_gate.adapters.local.backups import BackupFolder
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.wire.api import NotReachable
from tests.e2e.installation import Installation, an_installation
from tests.e2e.killer import Weapon, launch_deadly
from tests.e2e.stories import RELEASE, Story, tell

TOOL = Path(__file__).with_name("migrate.py")
TOOL_IN_TREE = "python3 -I -S migrate.py"
SCHEMA = {
    "commands": {
        "current": f"{TOOL_IN_TREE} current",
        "upgrade": f"{TOOL_IN_TREE} up",
        "downgrade": f'{TOOL_IN_TREE} down "$REVISION"',
    },
    "files": "steps",
    "database": "DATABASE_URL",
}
FIRST = "CREATE TABLE orders (id INTEGER PRIMARY KEY, price INTEGER)"
STEPS = ("back up the database of api", "upgrade the schema of api")
SAMPLE = 2
"""Kills by default, of all those at both steps."""


@dataclass
class Shop:
    """An installation whose service api has a database, with three orders in production."""

    story: Story
    weapon: Weapon
    steps: int = 1

    @property
    def at(self) -> Installation:
        return self.story.at

    def write_a_migration(self, text: str = "") -> str:
        """In the next change; returns its number."""
        self.steps += 1
        name = f"{self.steps:04}"
        text = text or f"CREATE TABLE table_{name} (id INTEGER)"
        self.story.write_a_change(**{f"steps/{name}.sql": text})
        return name

    def file(self, environment: str = "production") -> Path:
        return self.at.folder / "data" / f"{environment}.db"

    def ask(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.file())) as database:
            return database.execute(query).fetchall()

    def last_deployment(self) -> Deployment:
        with self.story.record.store.reading() as tx:
            return tx.deployments.recent(Environment.PRODUCTION, 1)[0]

    def assert_well(self, step: str) -> None:
        """What is recorded is what is there; nothing was applied twice; every backup is whole and known."""
        with self.story.record.store.reading() as tx:
            migrated = tx.deployments.migrated(Environment.PRODUCTION)
            known = {(one.service, one.deployment): one for one in tx.backups.kept()}
        assert migrated == self.last_deployment()
        assert self.ask("SELECT version_num FROM alembic_version") == [(step,)]
        assert len(set(self.ask("SELECT step FROM applied"))) == len(self.ask("SELECT step FROM applied"))
        folder = BackupFolder(self.at.state / "backups" / "api")
        assert {("api", name) for name in folder.deployments()} == known.keys()
        assert all(folder.find(name) == _bare(known["api", name]) for name in folder.deployments())
        names = {path.name for path in folder.path.glob("*")} - {"lock"}
        assert names == {f"{name}.{end}" for name in folder.deployments() for end in ("json", "backup")}
        self.story.record.assert_intact()


def _bare(backup: Any) -> Any:
    """As it was made: how long it is kept is said later."""
    return replace(backup, remove_at=None)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with an_installation(launch_deadly) as one:
        one.start()
        story = Story(one)
        (one.folder / "data").mkdir(mode=0o777)
        (one.folder / "data").chmod(0o777)
        one.write_product()
        _give_it_a_database(one)
        one.push("main", "main:staging", by="admin")
        one.as_("admin").post("/redeploy", environment="staging")
        story.settle()
        story.write_a_change()
        tell(story, RELEASE)
        shop = Shop(story, Weapon(one.folder))
        with closing(sqlite3.connect(shop.file())) as database, database:
            database.execute("INSERT INTO orders VALUES (1, 100), (2, 250), (3, 70)")
        yield shop


def _give_it_a_database(one: Installation) -> None:
    policy = yaml.safe_load((one.tree / "gate.yaml").read_text())
    api = policy["services"]["api"]
    api["schema"] = SCHEMA
    for environment, target in api["targets"].items():
        target["local"]["environ"] = {"DATABASE_URL": f"sqlite:///{one.folder}/data/{environment}.db"}
    (one.tree / "gate.yaml").write_text(yaml.safe_dump(policy, sort_keys=False))
    (one.tree / "migrate.py").write_text(TOOL.read_text())
    (one.tree / "steps").mkdir()
    (one.tree / "steps" / "0001.sql").write_text(FIRST)
    one.commit("feat: remember orders")


def test_killed_in_a_deployment_that_migrates(
    shop: Shop, rng: random.Random, in_full: bool, record_property: Any
) -> None:
    """The points are learnt from one release; each of the next ones dies at one of them."""
    step = shop.write_a_migration()
    shop.weapon.reached()
    tell(shop.story, RELEASE)
    shop.assert_well(step)
    points = [point for point in shop.weapon.reached() if point.startswith("release to production: ")]
    points = list(dict.fromkeys(point for point in points if any(step in point for step in STEPS)))
    chosen = points if in_full else rng.sample(points, SAMPLE)
    record_property("kill points", f"{len(chosen)} of {len(points)}")

    for point in chosen:
        step = shop.write_a_migration()
        for do in list(RELEASE.values())[:-1]:
            do(shop.story)
            shop.story.settle()
        shop.weapon.arm(point)
        with contextlib.suppress(NotReachable):
            shop.story.publish()
        _is_killed(shop)
        shop.story.settle()
        assert str(shop.last_deployment().state) == "succeeded", point
        shop.assert_well(step)


def test_the_printed_plan_brings_the_data_and_the_release_back(shop: Shop) -> None:
    before = shop.ask("SELECT id, price FROM orders ORDER BY id")
    release = shop.story.tag
    step = shop.ask("SELECT version_num FROM alembic_version")
    shop.write_a_migration("DELETE FROM orders WHERE id = 3; ALTER TABLE orders DROP COLUMN price")
    tell(shop.story, RELEASE)
    assert shop.ask("SELECT * FROM orders ORDER BY id") == [(1,), (2,)]

    plan = shop.at.as_("dana").get("/restore-plan")
    assert plan["release"] == release
    for part in plan["steps"]:
        for command in part["commands"]:
            _run_as_printed(shop, command)
    shop.story.settle()

    assert shop.ask("SELECT id, price FROM orders ORDER BY id") == before == [(1, 100), (2, 250), (3, 70)]
    assert shop.ask("SELECT version_num FROM alembic_version") == step
    assert shop.file().stat().st_uid == shop.file("staging").stat().st_uid
    live = shop.last_deployment()
    assert (live.release, str(live.kind), str(live.state)) == (release, "rollback", "succeeded")
    assert shop.story.revision_at("production api") == live.revision.commit
    assert shop.story.revision_at("staging api") == shop.story.record.code.branches()["staging"]
    shop.story.record.assert_intact()


def _is_killed(shop: Shop) -> None:
    assert shop.at.server
    assert shop.at.server.wait(60) == -9, shop.at.server_log()
    shop.at.start()


def _run_as_printed(shop: Shop, command: str) -> None:
    """`gate` is this product's; whoever runs the server starts it in their own way."""
    if command == "gate up":
        return shop.at.start()
    if command.startswith("gate "):
        done = shop.at.cli(*shlex.split(command)[1:], by="" if command == "gate down" else "dana")
        assert done.exit_code == 0, f"{command}: {done.output}"
        return None
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return None
