"""Backups as the local target keeps them: one for each deployment and service, whole or not at all."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from staging_gate.domain.backup import Backup
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import Refused, Unavailable
from tests.adapters.local.sample import World, never
from tests.adapters.local.test_schema import SERVICE, TREE, database

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOOL = """
import os, sqlite3
with sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///")) as database:
    database.execute("INSERT INTO migrated VALUES (1)")
    database.execute("UPDATE alembic_version SET version_num = version_num + 1")
"""


@pytest.fixture
def order(world: World) -> Order:
    """Its database has three orders; its migrations are new."""
    with closing(sqlite3.connect(database(world))) as live, live:
        live.execute("CREATE TABLE alembic_version (version_num)")
        live.execute("INSERT INTO alembic_version VALUES (1)")
        live.execute("CREATE TABLE migrated (id)")
        live.execute("CREATE TABLE orders AS SELECT 1 AS id UNION SELECT 2 UNION SELECT 3")
    return built(world, {**TREE, "alembic/__main__.py": TOOL}, 1)


def built(world: World, files: dict[str, str], number: int) -> Order:
    target = replace(world.order(world.repository.commit_files(files)).target, environ={"DATABASE_URL": url(world)})
    revision = world.repository.revision("HEAD")
    made = world.order(revision, f"production-{number}", service=SERVICE, target=target)
    world.local.target.build(made, "build", never)
    return made


def url(world: World) -> str:
    return f"sqlite:///{database(world)}"


def back_up(world: World, order: Order, at: datetime = AT) -> Backup | None:
    return world.local.target.back_up(order, f"{order.deployment}/backup-api", at, timedelta(minutes=1), never)


def upgrade(world: World, order: Order) -> str:
    return world.local.target.upgrade_schema(order, f"{order.deployment}/schema-api")


def names(world: World) -> list[str]:
    return sorted(path.name for path in (world.settings.state / "backups" / "api").glob("*"))


def test_a_backup_is_whole_private_and_says_what_is_in_it(world: World, order: Order) -> None:
    made = back_up(world, order)

    assert made
    file = world.settings.state / "backups" / "api" / "production-1.backup"
    facts = (made.deployment, made.service, made.at, made.kind, made.file, made.revisions, made.tables, made.rows)
    assert facts == ("production-1", "api", AT, "sqlite", str(file), ("1",), 3, 4)
    assert (made.size, file.stat().st_mode & 0o777) == (file.stat().st_size, 0o600)
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert names(world) == ["lock", "production-1.backup", "production-1.json"]


def test_asked_again_it_is_the_same_one(world: World, order: Order) -> None:
    first = back_up(world, order)
    again = back_up(world.restarted(), order, AT + timedelta(hours=1))

    assert again == first


def test_where_no_migration_is_new_none_is_made(world: World, order: Order) -> None:
    upgrade(world, order)

    assert back_up(world, built(world, {"unrelated.txt": "x"}, 2)) is None
    assert back_up(world, built(world, {"migrations/versions/0002_next.py": ""}, 3)) is not None


def test_a_database_that_was_restored_is_migrated_again(world: World, order: Order) -> None:
    """Our own note of the last upgrade must not stand against what is really there."""
    made = back_up(world, order)
    assert made
    upgrade(world, order)

    commands = world.local.target.restoring(order, made)
    subprocess.run(["bash", "-ec", "\n".join(commands)], check=True, timeout=30)

    assert rows(world, "migrated") == 0
    assert back_up(world, replace(order, deployment="production-2")) is not None
    upgrade(world, order)
    assert rows(world, "migrated") == 1


def test_a_file_that_was_changed_is_not_restored(world: World, order: Order) -> None:
    made = back_up(world, order)
    assert made
    Path(made.file).write_bytes(b"something else")

    commands = world.local.target.restoring(order, made)
    done = subprocess.run(["bash", "-ec", "\n".join(commands)], capture_output=True, text=True, timeout=30)

    assert done.returncode != 0
    assert "FAILED" in done.stdout + done.stderr
    assert rows(world, "orders") == 3


def test_a_half_one_does_not_count_and_goes(world: World, order: Order) -> None:
    folder = world.settings.state / "backups" / "api"
    folder.mkdir(parents=True)
    for name in ("production-1.new", "production-1.new-journal", "production-9.backup", "production-9.json.new"):
        (folder / name).write_text("half")

    assert world.local.target.backups_there() == []
    assert names(world) == []

    (folder / "production-1.new").write_text("half")
    assert back_up(world, order) is not None
    assert names(world) == ["lock", "production-1.backup", "production-1.json"]


def test_dropped_it_is_gone(world: World, order: Order) -> None:
    back_up(world, order)
    assert world.local.target.backups_there() == [("api", "production-1")]

    for _ in range(2):
        world.local.target.drop_backup("api", "production-1")

    assert world.local.target.backups_there() == []
    assert names(world) == []


def test_what_fails_leaves_nothing(world: World, order: Order) -> None:
    database(world).write_text("no database " * 500)

    with pytest.raises(
        Unavailable, match=r"can not be copied: file is not a database\. Without a backup nothing is migrated\.$"
    ):
        back_up(world, order)

    assert [name for name in names(world) if name != "lock"] == []


def test_a_full_disk_is_said_before_anything_is_touched(
    world: World, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("Usage", (), {"free": 1_000_000}))
    with pytest.raises(Unavailable, match="There is no room for a backup in .*Without a backup nothing is migrated"):
        back_up(world, order)


def test_without_its_address_it_is_refused(world: World, order: Order) -> None:
    with pytest.raises(Refused, match="DATABASE_URL names the database, but that is not set"):
        back_up(world, replace(order, target=replace(order.target, environ={})))


KILLED = """
import sys, os, signal, sqlite3
sys.path[:0] = {path!r}
from staging_gate.adapters.local.backups import BackupFolder
point = sys.argv[1]
def dying(name, real):
    def die(*args):
        if point == "before " + name: os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*args)
        if point == "after " + name: os.kill(os.getpid(), signal.SIGKILL)
        return answer
    return die
BackupFolder.keep = dying("keep", BackupFolder.keep)
BackupFolder.remove_halves = dying("cleaning", BackupFolder.remove_halves)
import staging_gate.adapters.local.backups as module
module._flush = dying("flush", module._flush)
module._of = dying("copy", module._of)
from tests.adapters.local.test_backups import *
import pickle
settings, repository, port, order = pickle.load(open(sys.argv[2], "rb"))
from tests.adapters.local.sample import World, _connected
back_up(World(_connected(settings, repository), settings, repository, port, port), order)
"""


@pytest.mark.parametrize(
    "point", ["after cleaning", "before copy", "after copy", "before keep", "before flush", "after keep"]
)
def test_killed_anywhere_it_is_whole_or_not_there(world: World, order: Order, tmp_path: Path, point: str) -> None:
    import pickle

    given = tmp_path / "given"
    given.write_bytes(pickle.dumps((world.settings, world.repository, world.port, order)))
    died = subprocess.run([sys.executable, "-c", KILLED.format(path=sys.path), point, str(given)], timeout=60)
    assert died.returncode == -signal.SIGKILL

    whole = world.local.target.backups_there()
    assert whole == ([("api", "production-1")] if point in ("before flush", "after keep") else [])
    again = back_up(world.restarted(), order)

    assert again and Path(again.file).is_file()
    assert names(world) == ["lock", "production-1.backup", "production-1.json"]


def rows(world: World, table: str) -> int:
    with closing(sqlite3.connect(database(world))) as live:
        return int(live.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
