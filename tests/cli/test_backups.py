"""`gate backups` and `gate restore-plan` against a real server; so are the page and the API behind them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.testing.serving import Served
from tests.cli.conftest import Run
from tests.server.test_api import ask

SAID = "5.2 MB in 2.5 s, restored for proof: 4 tables, 1,200 rows at 0007; kept until 2026-03-16"


@pytest.fixture(scope="module")
def backup(served: Served) -> Backup:
    """Of production-1, and one more that was removed."""
    ports = served.house.ports
    main = ports.code_host.revision("main")
    assert main
    with ports.store.transaction() as tx:
        at = tx.at.replace(year=2026, month=3, day=2, hour=9)
        made = Backup("production-1", "site", at, "sqlite", "/b/1", 5_200_000, "8" * 64, ("0007",), 4, 1200, _PROOF)
        made = replace(made, seconds=2.5, remove_at=at + timedelta(days=14))
        for number in (1, 2):
            id, failed = f"production-{number}", DeploymentState.FAILED
            tx.deployments.next_id(Environment.PRODUCTION)
            more = Deployment(id, Environment.PRODUCTION, DeploymentKind.DEPLOY, main, failed, "v1", "tess", tx.at)
            tx.deployments.add(more)
        tx.backups.add(made)
        tx.backups.add(replace(made, deployment="production-2", at=at + timedelta(days=1), removed_at=tx.at))
    return made


_PROOF = BackupProof.RESTORED


def test_they_are_listed(run: Run, backup: Backup) -> None:
    listed = run("backups", "list", by="ada").output
    assert SAID in listed
    assert "production-2" not in listed
    assert "removed on " in run("backups", "list", "--all").output


def test_machines_get_json(run: Run, backup: Backup) -> None:
    [one] = json.loads(run("backups", "list", "--json").output)
    assert one["said"] == SAID
    assert one["backup"]["sha256"] == "8" * 64
    assert len(json.loads(run("backups", "list", "--all", "--json").output)) == 2


def test_a_deployment_names_its_backup(run: Run, served: Served, backup: Backup) -> None:
    shown = run("deployment", "show", "production-1").output
    assert f"backup of site: {SAID} `gate restore-plan production-1`" in shown
    assert "restore-plan" not in run("deployment", "show", "production-2").output

    page = ask(served, "GET", "/deployments/production-1", cookie=served.cookie)[1]
    assert SAID in page
    assert "gate restore-plan production-1" in page


def test_a_plan_needs_the_file(run: Run, backup: Backup) -> None:
    refused = run("restore-plan", "production-1", by="tess")
    assert refused.exit_code == 2
    assert "The file of this backup is gone: /b/1. Somebody has removed it, or the disk was changed." in refused.stderr


def test_not_everybody_gets_a_plan(run: Run, backup: Backup) -> None:
    refused = run("restore-plan", by="ada")
    assert refused.exit_code == 3
    assert "ada may not " in refused.stderr


def test_saying_that_it_was_restored(run: Run, backup: Backup) -> None:
    said = run("backups", "restored", "production-1", "--reason", "prices are wrong", by="tess")
    assert said.output == "The record has it: the databases are as they were before production-1.\n"
    again = run("backups", "restored", "production-1", "--reason", "prices are wrong", "--json", by="tess")
    assert json.loads(again.output) == {"restored": "production-1"}
    assert "no backup" in run("backups", "restored", "production-2", "--reason", "x", by="tess").stderr
    assert "no deployment production-9" in run("backups", "restored", "production-9", "--reason", "x").stderr
