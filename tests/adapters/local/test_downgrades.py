"""Taking a database back: where to, with which tool, looking first. The tools are stand-ins that write their runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from staging_gate.domain.service import Schema, SchemaCommands, Target
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import Refused
from tests.adapters.local.sample import World, service
from tests.contract.test_downgrade_schema import SCHEMA, TREE

LOG = "staging-3/schema-api"
COMMANDS = SchemaCommands(
    ("python", "migrate.py", "at"), ("python", "migrate.py", "up"), ("python", "migrate.py", "down", "$REVISION")
)
BY_COMMANDS = Schema("commands", "gate.yaml", "DATABASE_URL", commands=COMMANDS, files="db")
MIGRATE = """
import os, sys
from pathlib import Path
database = Path(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
newest = sorted(path.stem for path in Path("db").glob("*.sql"))[-1]
if sys.argv[1] != "at":
    database.write_text(newest if sys.argv[1] == "up" else sys.argv[2])
print(database.read_text())
"""


def database(world: World) -> Path:
    return world.settings.state.parent / "db"


def built(world: World, files: dict[str, str], number: int, schema: Schema = SCHEMA) -> Order:
    target = Target("local", world.port, environ={"DATABASE_URL": f"sqlite:///{database(world)}"})
    revision = world.repository.commit_files(files)
    order = world.order(revision, f"staging-{number}", service=service(schema=schema), target=target)
    world.local.target.build(order, f"staging-{number}/build-api", lambda: False)
    return order


def test_an_earlier_tree_without_migrations_is_before_the_first(world: World) -> None:
    first = built(world, {**TREE, "migrations/versions/README": ""}, 1)
    second = built(world, {"migrations/versions/0001.py": ""}, 2)
    world.local.target.upgrade_schema(second, LOG)

    world.local.target.downgrade_schema(first, second, LOG)

    assert database(world).read_text() == "base"


def test_several_heads_are_no_place_to_go_back_to(world: World) -> None:
    tool = TREE["alembic/__main__.py"].replace("[-1:]", "")
    files = {**TREE, "alembic/__main__.py": tool, "migrations/versions/0001.py": "", "migrations/versions/0002.py": ""}
    first = built(world, files, 1)
    second = built(world, {"migrations/versions/0003.py": ""}, 2)

    with pytest.raises(Refused, match=r"end at 2 heads \(0001, 0002\), so the database can not be taken back"):
        world.local.target.downgrade_schema(first, second, LOG)


def test_another_tool_goes_back_to_where_the_database_stood(world: World) -> None:
    first = built(world, {"migrate.py": MIGRATE, "db/1.sql": "one"}, 1, BY_COMMANDS)
    second = built(world, {"db/2.sql": "two"}, 2, BY_COMMANDS)
    world.local.target.upgrade_schema(first, LOG)
    world.local.target.upgrade_schema(second, LOG)

    world.local.target.downgrade_schema(first, second, LOG)

    assert database(world).read_text() == "1"
    assert "$ python migrate.py down 1\n" in world.log(LOG)


def test_where_nobody_noted_that_it_says_so(world: World) -> None:
    first = built(world, {"migrate.py": MIGRATE, "db/1.sql": "one"}, 1, BY_COMMANDS)
    second = built(world, {"db/2.sql": "two"}, 2, BY_COMMANDS)
    world.local.target.upgrade_schema(second, LOG)

    with pytest.raises(Refused, match="Nobody has noted where the database of api stands with the migrations of"):
        world.local.target.downgrade_schema(first, second, LOG)
    assert database(world).read_text() == "2"


def test_killed_after_the_downgrade_the_database_itself_is_asked(world: World) -> None:
    first = built(world, {"migrate.py": MIGRATE, "db/1.sql": "one"}, 1, BY_COMMANDS)
    second = built(world, {"db/2.sql": "two"}, 2, BY_COMMANDS)
    world.local.target.upgrade_schema(first, LOG)
    world.local.target.upgrade_schema(second, LOG)
    (world.layout.places(first.environment, "api") / "schema.json").unlink()
    database(world).write_text("1")

    assert world.local.target.downgrade_schema(first, second, LOG) == "the database was there already"
    assert "down 1" not in world.log(LOG)


def test_a_service_without_a_schema_has_nothing_to_go_back(world: World) -> None:
    order = built(world, TREE, 1)
    bare = replace(order, service=replace(order.service, schema=None))

    assert world.local.target.downgrade_schema(bare, order, LOG) == "there is no schema to downgrade"
