"""`proves: migrations`: the project's own tool, in the service's build, on clones."""

import sys
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from staging_gate.adapters.local import connect
from staging_gate.adapters.schema import Prover
from staging_gate.domain.check import Verdict
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import CheckCommand, Provable
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Schema, Service, Target
from staging_gate.messages import migrations as words
from staging_gate.ports.checks import Outcome
from tests.adapters.local.sample import World, never, service
from tests.adapters.schema.projects import ENV, INI, MODELS, migration, versions

LOG = "checks/tree/db-migrations"
CHECK = CheckCommand("db-migrations", proves=Provable.MIGRATIONS)
SEED = """
import os, sqlite3
database = sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
database.execute("INSERT INTO orders (id, item) VALUES (1, 'x')")
database.commit()
"""
PROJECT = {
    "alembic.ini": INI,
    "migrations/env.py": ENV,
    "models.py": MODELS,
    "seed.py": SEED,
    ".venv/bin/python": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
    **versions(),
}


def shop(address: str = "sqlite:///shop.db", **schema: object) -> Service:
    target = Target("local", 8001, environ={"DATABASE_URL": address, "KEY": "env:A_SECRET_OF_STAGING"})
    tool = Schema("alembic", "alembic.ini", "DATABASE_URL", **schema)  # type: ignore[arg-type]
    return service(schema=tool, targets={Environment.STAGING: target})


def committed(world: World, files: dict[str, str]) -> Revision:
    world.repository.commit_files(files)
    world.repository.git("update-index", "--chmod=+x", ".venv/bin/python")
    (world.repository.path / ".venv/bin/python").chmod(0o755)
    world.repository.git("commit", "--quiet", "--allow-empty", "--message", "Make it a program")
    return world.repository.revision("HEAD")


def proved(
    world: World, revision: Revision, production: Revision | None, shop: Service, prover: Prover | None = None
) -> Outcome:
    local = connect(world.settings, lambda: str(world.repository.path), prover or Prover())
    return local.checks.prove_migrations(revision, production, (shop,), CHECK, LOG, never)


def told(outcome: Outcome) -> str:
    return words.text(outcome.reports[0])


def test_new_migrations_are_tried_from_productions_on_with_rows(world: World) -> None:
    production = committed(world, PROJECT)
    text = migration("0002", "0001", 'op.execute("DELETE FROM orders WHERE id = 1")')
    head = committed(world, {"migrations/versions/0002_next.py": text})

    outcome = proved(world, head, production, shop(seed=("python", "seed.py")))

    assert (outcome.verdict, outcome.summary) == (
        Verdict.PASSED,
        "1 new migration, up, down and up again; 2 warnings",
    )
    report = told(outcome)
    assert "migrations of api, from 0001, in " in report
    assert "  new: migrations/versions/0002_next.py\n" in report
    assert "  rows of orders: 1 before, 0 after\n" in report
    assert "0002_next.py:9: warning: orders had 1 rows and has 0 [rows_lost]\n      No downgrade brings" in report
    assert not list(world.layout.scratch.iterdir())


def test_a_fault_fails_the_check_and_names_its_line(world: World) -> None:
    production = committed(world, PROJECT)
    head = committed(world, {"migrations/versions/0002_next.py": migration("0002", "0009")})

    outcome = proved(world, head, production, shop())

    assert (outcome.verdict, outcome.summary) == (
        Verdict.FAILED,
        "migrations/versions/0002_next.py:5: it follows 0009, which is in no file (and 1 more)",
    )
    assert "-> Set down_revision to the migration that comes before" in told(outcome)


def test_without_rows_to_try_them_on_it_is_said(world: World) -> None:
    production = committed(world, PROJECT)
    head = committed(world, {"migrations/versions/0002_next.py": migration("0002", "0001")})

    outcome = proved(world, head, production, shop())

    assert outcome.summary == "1 new migration, up, down and up again; not all could be tried"
    assert "  not known: No rows to try them on: `schema` has no `seed`, `dump` or `template`" in told(outcome)


def test_before_the_first_release_all_are_new(world: World) -> None:
    outcome = proved(world, committed(world, PROJECT), None, shop())

    assert outcome.summary == "1 new migration, up, down and up again"
    assert "from nothing: production has no release yet" in told(outcome)


def test_what_breaks_when_it_is_loaded_is_said_in_its_own_words(world: World) -> None:
    head = committed(world, {**PROJECT, "models.py": "import nothing_like_that\n"})

    outcome = proved(world, head, None, shop())

    assert outcome.verdict is Verdict.FAILED
    assert outcome.summary == (
        "The project's migration tool can not work: ModuleNotFoundError: No module named 'nothing_like_that'"
    )
    assert "Traceback" in world.log(LOG)


def test_the_secrets_of_staging_are_not_there(world: World) -> None:
    told = ENV + "\nassert 'KEY' not in os.environ and os.environ['ENVIRONMENT'] == 'proof'\n"
    head = committed(world, {**PROJECT, "migrations/env.py": told})

    assert proved(world, head, None, shop()).verdict is Verdict.PASSED


def test_other_databases_are_not_known(world: World) -> None:
    outcome = proved(world, committed(world, PROJECT), None, shop("mysql://x"))

    assert (outcome.verdict, outcome.summary) == (
        Verdict.ERRORED,
        "Migrations of a mysql database can not be proved: Postgres and SQLite can.",
    )


def test_a_product_without_a_schema_has_nothing_to_prove(world: World) -> None:
    outcome = proved(world, world.repository.commit(), None, service())

    assert (outcome.verdict, outcome.summary) == (Verdict.PASSED, "no service has a schema")


class Sweeping(Prover):
    """Notes how often it is asked for what the killed have left."""

    asked: ClassVar[list[str]] = []

    def sweep(self) -> list[str]:
        self.asked.append("once")
        return ["gate_proof_0a0a0a0a_0123456789ab"]


def test_what_killed_checks_have_left_is_looked_for_now_and_then(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    prover = Sweeping()
    left = world.layout.scratch / "0123456789abcdef"
    (left / "tree").mkdir(parents=True)
    left.with_suffix(".lock").touch()
    checks = connect(world.settings, lambda: str(world.repository.path), prover).checks

    with caplog.at_level("INFO"):
        checks.clean_up()
        checks.clean_up()

    assert not list(world.layout.scratch.iterdir())
    assert prover.asked == ["once"]
    assert "removed what a proof that was killed had left: gate_proof_0a0a0a0a_0123456789ab" in caplog.text


def test_a_proof_that_takes_too_long_is_stopped_and_says_how_long_it_had(world: World) -> None:
    slow = migration("0002", "0001", "import time\ntime.sleep(60)")
    production = committed(world, PROJECT)
    head = committed(world, {"migrations/versions/0002_next.py": slow})
    local = connect(world.settings, lambda: str(world.repository.path), Prover())
    check = replace(CHECK, within=timedelta(seconds=4))

    outcome = local.checks.prove_migrations(head, production, (shop(),), check, LOG, never)

    assert (outcome.verdict, outcome.summary) == (
        Verdict.ERRORED,
        "db-migrations was not done within 4 s: give it more time in gate.yaml (`within`), or fewer rows.",
    )
    assert not list(world.layout.scratch.iterdir())


def test_what_gate_yaml_names_and_is_not_there_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASKED", raising=False)
    head = committed(world, PROJECT)
    nowhere = service(
        schema=Schema("alembic", "alembic.ini", "DATABASE_URL"), targets={Environment.STAGING: Target("local", 8001)}
    )

    assert proved(world, head, None, nowhere).summary == "services.api.schema: DATABASE_URL is not set for staging."
    assert proved(world, head, head, shop(dump="env:MASKED")).summary == (
        "A secret is missing. services.api.schema is env:MASKED, but MASKED is not set where Staging Gate runs: set it "
        "and start that again."
    )
