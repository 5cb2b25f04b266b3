"""What goes by itself, as people ask for it and take it back, against a real server."""

import json
import socket
from datetime import UTC, datetime, timedelta

import pytest

from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState, Verification
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.testing.serving import POLICY, Served
from tests.cli.conftest import Run

FREEZE = """
time_zone: Asia/Kolkata
calendar: {{freezes: [{{from: 2020-01-01, until: {until:%Y-%m-%d}, why: a long year end}}]}}
"""


def in_a_month(served: Served) -> datetime:
    return served.house.ports.clock.now() + timedelta(days=30)


@pytest.fixture
def frozen(served: Served) -> Served:
    """v1.0.0 is merged and staging has proved it; production is frozen."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        rules = POLICY.replace("8080", str(free.getsockname()[1])) + FREEZE.format(until=in_a_month(served))
    served.commit("main", {"gate.yaml": rules}, "chore: freeze production")
    revision = served.house.ports.code_host.revision("main")
    assert revision
    at = datetime(2026, 3, 5, 10, tzinfo=UTC)
    release = Release("v1.0.0", "Release v1.0.0 - x", "notes", ReleaseState.MERGED, None, "ada", at, revision)
    id, staging = "staging-1", Environment.STAGING
    proof = Deployment(id, staging, DeploymentKind.DEPLOY, revision, DeploymentState.SUCCEEDED, "x", "ada", at)
    with served.house.ports.store.transaction() as tx:
        tx.deployments.add(proof)
        tx.deployments.add_verification(Verification(staging, revision.tree, id, at))
        tx.releases.add(release)
    return served


def test_a_release_under_a_freeze_waits_and_that_is_no_failure(run: Run, frozen: Served) -> None:
    opens = f"{in_a_month(frozen) + timedelta(days=1):%a %Y-%m-%d} 00:00 IST"
    asked = run("release", "publish", "v1.0.0", by="tess")
    assert (asked.exit_code, asked.stderr) == (0, "")
    said, how_to_stop = asked.output.splitlines()
    assert said.startswith(f"v1.0.0 waits until {opens} (")
    assert how_to_stop == "It goes by itself, decided anew. Not any more: `gate release publish v1.0.0 --cancel`"
    assert f"(v1.0.0 waits until {opens}" in run("release", "list").output
    assert "asked for by tess, " in run("release", "show", "v1.0.0").output
    assert f"v1.0.0 waits until {opens}" in run("status").output
    assert json.loads(run("release", "show", "v1.0.0", "--json").output)["waits"]["subject"] == "v1.0.0"
    assert json.loads(run("release", "publish", "v1.0.0", "--json", by="tess").output)["waits"]["by"] == "tess"

    taken = run("release", "publish", "v1.0.0", "--cancel", by="tess")
    assert taken.output == "v1.0.0 is not published by itself any more.\n"
    again = run("release", "publish", "v1.0.0", "--cancel", by="tess")
    assert again.exit_code == 2
    assert "v1.0.0 does not wait to be published (merged): there is nothing to take back." in again.output


def test_a_merge_that_waits_is_asked_for_and_taken_back(run: Run, served: Served) -> None:
    served.commit("feature/later", {"later.html": "later"}, "feat: later", start="staging")
    number = str(json.loads(run("change", "open", "feature/later", "--json", by="ada").output)["number"])

    asked = run("change", "merge", number, "--when-ready", by="ada")
    assert asked.exit_code == 0, asked.output
    assert f"Change {number} is merged by itself as soon as the gate opens." in asked.output
    assert "Approvals are missing" in asked.output
    assert f"change {number} goes as soon as the gate opens: " in run("status").output

    taken = run("change", "merge", number, "--cancel", by="ada")
    assert taken.output == f"Change {number} is not merged by itself any more.\n"
    again = run("change", "merge", number, "--cancel", by="ada")
    assert again.exit_code == 2
    assert f"Change {number} does not wait to be merged (open): there is nothing to take back." in again.output


def test_a_release_that_is_not_there_does_not_wait(run: Run) -> None:
    refused = run("release", "publish", "v9.0.0", "--when-ready", by="tess")
    assert refused.exit_code == 2
    assert "There is no release 'v9.0.0'." in refused.output


def test_a_major_is_announced(run: Run) -> None:
    said = run("release", "announce", "v7.0.0", "--for", "2199-03-19", "--note", "the old login goes", by="tess")
    assert said.output == "v7.0.0 is announced for Tue 2199-03-19; `gate calendar` shows it.\n"
    soon = run("release", "announce", "v7.0.0", "--for", "2020-01-01", by="tess")
    assert soon.exit_code == 2
    assert "at the earliest: majors are announced 7 days ahead" in soon.output
    assert "does not match the format" in run("release", "announce", "v7.0.0", "--for", "soon", by="tess").output
