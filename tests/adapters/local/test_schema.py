"""Schema upgrades. The migration tool in the tree is a stand-in that notes each of its runs in the database's file."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from staging_gate.adapters.local.migration_commands import to_downgrade
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Schema, SchemaCommands, Target
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import Refused, Unavailable
from tests.adapters.local.sample import World, never, service

TOOL = """
import os, sys
from pathlib import Path
print("upgrading", os.environ["DATABASE_URL"])
if said := Path("migrations/broken").read_text():
    sys.exit(said)
with open(os.environ["DATABASE_URL"].removeprefix("sqlite:///"), "a") as file:
    print(*sys.argv[1:], os.environ["ENVIRONMENT"], file=file)
"""
TREE = {
    "alembic/__main__.py": TOOL,
    "alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n",
    "migrations/versions/0001_first.py": "revision = '0001'\n",
    "migrations/broken": "",
}
SERVICE = service(schema=Schema("alembic", "alembic.ini", "DATABASE_URL"), run=("python3", "service.py", "$PORT"))
RUN = "-c alembic.ini upgrade head staging\n"


def built(world: World, files: dict[str, str], name: str = "db", number: int = 1) -> Order:
    target = Target("local", world.port, environ={"DATABASE_URL": f"sqlite:///{database(world, name)}"})
    order = world.order(world.repository.commit_files(files), f"staging-{number}", service=SERVICE, target=target)
    world.local.target.build(order, "staging-1/build-api", never)
    return order


def database(world: World, name: str = "db") -> Path:
    return world.settings.state.parent / name


def upgrade(world: World, order: Order) -> str:
    return world.local.target.upgrade_schema(order, "staging-1/schema-api")


def test_migrations_run_with_the_services_environment(world: World) -> None:
    assert re.fullmatch(r"migrated in \d+\.\d s", upgrade(world, built(world, TREE)))

    assert database(world).read_text() == RUN
    assert world.log("staging-1/schema-api").startswith("$ python -m alembic -c alembic.ini upgrade head\nupgrading ")


def test_no_process_runs_when_no_migration_is_new(world: World) -> None:
    upgrade(world, built(world, TREE))

    said = upgrade(world.restarted(), built(world, {"unrelated.txt": "x"}, number=2))

    assert said == "the database has these migrations already"
    assert database(world).read_text() == RUN


@pytest.mark.parametrize(
    "change",
    [{"migrations/versions/0002_next.py": ""}, {"migrations/env.py": "x"}, {"alembic.ini": TREE["alembic.ini"] + "#"}],
)
def test_what_is_new_runs(world: World, change: dict[str, str]) -> None:
    upgrade(world, built(world, TREE))

    upgrade(world, built(world, change, number=2))

    assert database(world).read_text() == RUN * 2


def test_another_database_is_upgraded_too(world: World) -> None:
    upgrade(world, built(world, TREE))

    upgrade(world, built(world, {}, name="other"))

    assert database(world, "other").read_text() == RUN


def test_a_database_that_was_removed_is_made_again(world: World) -> None:
    upgrade(world, built(world, TREE))
    database(world).unlink()

    upgrade(world, built(world, {}))

    assert database(world).read_text() == RUN


def test_the_environments_know_nothing_of_each_other(world: World) -> None:
    staging = built(world, TREE)
    upgrade(world, staging)
    production = Order("production-1", Environment.PRODUCTION, SERVICE, staging.target, staging.revision)

    upgrade(world, production)

    assert database(world).read_text().splitlines()[1].endswith("production")


def test_a_failing_migration_is_refused_with_its_last_words_and_runs_again(world: World) -> None:
    upgrade(world, built(world, TREE))
    with pytest.raises(Refused) as refused:
        upgrade(world, built(world, {"migrations/broken": "Multiple head revisions are present"}))
    upgrade(world, built(world, {"migrations/broken": ""}))

    assert refused.value.message == (
        "The migrations of api failed in staging: `python -m alembic -c alembic.ini upgrade head` "
        "ended with exit code 1. Look at what is applied before you try again."
    )
    assert refused.value.evidence.endswith("Multiple head revisions are present")
    assert database(world).read_text() == RUN * 2, "after a failure nothing is taken for done"


def test_a_database_that_is_away_is_not_the_releases_fault(world: World) -> None:
    order = built(world, {**TREE, "migrations/broken": "connection to server failed: Connection refused"})

    with pytest.raises(Unavailable, match="The database of api in staging can not be reached"):
        upgrade(world, order)


def test_the_databases_password_is_nowhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_DATABASE", f"sqlite:///{database(world, 'hunter22')}")
    order = built(world, TREE)
    target = Target("local", world.port, environ={"DATABASE_URL": "env:THE_DATABASE"})

    upgrade(world, Order(order.deployment, order.environment, SERVICE, target, order.revision))

    assert "upgrading [redacted]" in world.log("staging-1/schema-api")
    for path in world.settings.state.glob("places/**/*"):
        assert path.is_dir() or b"hunter22" not in path.read_bytes()


def test_without_a_schema_nothing_is_done(world: World) -> None:
    assert upgrade(world, world.order(world.repository.commit())) == "there is no schema to upgrade"


def test_a_database_that_is_not_named_is_refused(world: World) -> None:
    order = built(world, TREE)
    nameless = Order("staging-2", order.environment, SERVICE, Target("local", world.port), order.revision)

    with pytest.raises(
        Refused, match=r"schema says that DATABASE_URL names the database, but that is not set for staging"
    ):
        upgrade(world, nameless)


def test_a_missing_configuration_is_refused(world: World) -> None:
    with pytest.raises(Refused, match=r"The migrations need alembic\.ini, which is not in the tree"):
        upgrade(world, built(world, {}))


MIGRATE = """#!/usr/bin/env python3
import os, sys
with open(os.environ["DATABASE_URL"].removeprefix("sqlite:///"), "a") as file:
    print(*sys.argv[1:], file=file)
"""
BY_COMMANDS = Schema(
    "commands",
    "gate.yaml",
    "DATABASE_URL",
    commands=SchemaCommands(("python", "migrate.py", "at"), ("python", "migrate.py", "up"), ("never",)),
    files="db",
)


def by_commands(world: World, files: dict[str, str], number: int = 1, schema: Schema = BY_COMMANDS) -> Order:
    order = built(world, {"migrate.py": MIGRATE, **files}, number=number)
    return replace(order, service=replace(order.service, schema=schema))


def test_another_tool_runs_by_its_own_command_when_its_folder_changes(world: World) -> None:
    assert re.fullmatch(r"migrated in \d+\.\d s", upgrade(world, by_commands(world, {"db/1.sql": "one"})))
    said = upgrade(world, by_commands(world, {"unrelated.txt": "x"}, 2))
    assert (said, database(world).read_text()) == ("the database has these migrations already", "up\nat\n")

    upgrade(world, by_commands(world, {"db/2.sql": "two"}, 3))

    assert database(world).read_text() == "up\nat\n" * 2
    assert world.log("staging-1/schema-api").startswith("$ python migrate.py up\n")


def test_another_tool_without_a_folder_runs_each_time(world: World) -> None:
    for number in (1, 2):
        upgrade(world, by_commands(world, {}, number, replace(BY_COMMANDS, files="")))

    assert database(world).read_text() == "up\nat\n" * 2


def test_a_folder_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(Refused) as caught:
        upgrade(world, by_commands(world, {}))

    assert caught.value.message == "gate.yaml says that the migrations are in db, which is no folder in the tree."


def test_the_commands_back() -> None:
    back = replace(BY_COMMANDS, commands=SchemaCommands(("a",), ("b",), ("go", "--to=$REVISION", "${REVISION}")))

    assert to_downgrade(back, "7") == ("go", "--to=7", "7")
    assert to_downgrade(Schema("alembic", "a.ini", "X"), "") == (
        "python", "-m", "alembic", "-c", "a.ini", "downgrade", "base"
    )  # fmt: skip


def test_candidates_are_started_before_their_deployment_only_where_no_migration_is_new(world: World) -> None:
    first = built(world, TREE)
    beside = replace(first, service=service(name="web"), target=Target("local", world.sister_port))

    world.start_early(first, beside)
    assert world.processes() == []

    upgrade(world, first)
    world.start_early(first, beside)
    assert len(world.processes()) == 2
