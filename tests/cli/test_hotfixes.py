"""`gate hotfix ...`, `gate followups` and what `gate status` says of them, against a real server."""

import json

import pytest

from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUpKind
from staging_gate.runbook.following_up import open_follow_up
from staging_gate.testing.polling import eventually
from staging_gate.testing.serving import Served
from tests.cli.conftest import Run


@pytest.fixture(scope="module")
def live(served: Served) -> Served:
    """By the record production runs main."""
    revision = served.house.ports.code_host.revision("main")
    assert revision
    with served.house.ports.store.transaction() as tx:
        id = tx.deployments.next_id(Environment.PRODUCTION)
        tx.deployments.add(
            Deployment(
                id,
                Environment.PRODUCTION,
                DeploymentKind.DEPLOY,
                revision,
                DeploymentState.SUCCEEDED,
                "v1.0.0 was published by tess",
                "tess",
                tx.at,
                release="v1.0.0",
                started_at=tx.at,
                ended_at=tx.at,
            )
        )
        tx.deployments.set_live(Environment.PRODUCTION, id)
    return served


def test_before_the_first_release_there_is_nothing_to_fix(run: Run) -> None:
    refused = run("hotfix", "start", "login", by="ada")
    assert refused.exit_code == 2
    assert "gate: Production runs nothing yet, so there is nothing in it to fix." in refused.stderr
    assert run("hotfix", "list").output == "No hotfix is on its way. `gate hotfix start NAME` begins one.\n"


def test_from_its_start_to_the_board(run: Run, live: Served) -> None:
    started = run("hotfix", "start", "login", by="ada")
    assert started.exit_code == 0, started.output
    assert "hotfix/login starts from what production runs" in started.output
    assert "git fetch origin && git switch hotfix/login" in started.output

    live.commit("hotfix/login", {"login.html": "fixed"}, "fix: login")
    assert "Missing option '--reason'" in run("hotfix", "open", "login", by="ada").output
    opened = run("hotfix", "open", "login", "--reason", "nobody can [log] in", by="ada")
    assert opened.exit_code == 0, opened.output
    assert "Change 1 is open: fix: login. It is urgent, and first on the board." in opened.output
    assert "why it is urgent: nobody can [log] in" in opened.output
    assert "size: 1 files, 1 lines" in opened.output

    status = run("status").output.splitlines()
    assert status[1] == "hotfix 1  fix: login  by ada"
    assert any("A hotfix needs the approval of a tech lead" in line for line in status)
    assert "why it is urgent: nobody can [log] in" in run("change", "show", "1").output
    assert json.loads(run("hotfix", "list", "--json").output)[0]["size"]["files"] == 1

    assert run("approve", "1", "--as", "tech_lead", by="tess").exit_code == 0
    [shown] = eventually(
        lambda: [one for one in json.loads(run("hotfix", "list", "--json").output) if one["proof"]], within=30
    )
    assert shown["proof"]["kind"] == "proof"


def test_what_goes_through_staging_is_not_proved_so(run: Run, live: Served) -> None:
    live.commit("feature/x", {"x.html": "x"}, "feat: x", start="staging")
    number = json.loads(run("change", "open", "feature/x", "--json", by="ada").output)["number"]
    refused = run("hotfix", "prove", str(number), by="ada")
    assert (refused.exit_code, f"gate: Change {number} is no hotfix to production" in refused.stderr) == (2, True)


def test_a_hotfix_opened_as_any_change_needs_its_reason_too(run: Run, live: Served) -> None:
    run("hotfix", "start", "prices", by="ada")
    live.commit("hotfix/prices", {"prices.html": "fixed"}, "fix: prices")
    refused = run("change", "open", "hotfix/prices", "--to", "main", by="ada")
    assert refused.exit_code == 2
    assert 'gate: A hotfix needs its reason in writing: --reason "..."' in refused.stderr
    opened = run("change", "open", "hotfix/prices", "--to", "main", "--reason", "prices are wrong", by="ada")
    assert opened.exit_code == 0, opened.output


def test_follow_ups_are_listed_and_done(run: Run, served: Served) -> None:
    assert run("followups").output == "No open follow-ups.\n"
    with served.house.ports.store.transaction() as tx:
        for kind, owner in ((FollowUpKind.DOCUMENT, "ada"), (FollowUpKind.REVIEW, "tess")):
            open_follow_up(tx, kind, "v1.0.1", f"The {kind} of [v1.0.1]", owner, tx.at)

    mine = run("followups", "--mine", by="ada").output
    assert "The document of [v1.0.1]" in mine and "review" not in mine
    assert "late  The review of [v1.0.1]  tess, 2" in run("status").output
    assert len(json.loads(run("followups", "--json").output)) == 2

    done = run("followup", "done", "1", "--note", "in the wiki", by="ada")
    assert done.output == "Follow-up 1 is done: The document of [v1.0.1].\n"
    again = run("followup", "done", "1", by="ada")
    assert (again.exit_code, "Follow-up 1 is done already: ada said so" in again.stderr) == (2, True)
    assert run("followups", "--mine", by="ada").output == "No open follow-ups.\n"
    assert "done 20" in run("followups", "--all").output
    assert "There is no follow-up 99" in run("followup", "done", "99").stderr
