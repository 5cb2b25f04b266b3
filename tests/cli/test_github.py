"""`gate github ...` on a repository at GitHub, from the command line to the rules there."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result

from staging_gate.adapters.clock import SystemClock
from staging_gate.cli.main import gate
from staging_gate.runbook import finding_lost
from staging_gate.testing import eventually
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.github.delivering import hook
from staging_gate.testing.serving import POLICY, Served, running_server
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import TOKEN, github_stand_in


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStandIn]:
    with github_stand_in(tmp_path, SystemClock()) as stand_in:
        here = POLICY.replace("{git: local}", "{git: github:zebra/marketedge}")
        commit(stand_in.host.path, "main", {"gate.yaml": here}, "feat: the first version")
        commit(stand_in.host.path, "staging", {}, "chore: begin staging", "main")
        yield stand_in


@pytest.fixture
def at_github(github: GitHubStandIn, tmp_path: Path) -> Iterator[Served]:
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n")
    github.delivering.hooks = {7: hook("https://gate.example.com/hooks/github")}
    hooks = {"public": "https://gate.example.com", "hook_secrets": {"github": (b"s3cret",)}}
    more = {
        **hooks,
        "repository": "github:zebra/marketedge",
        "github_api": github.api,
        "github_token": f"file:{secret}",
    }
    with running_server(tmp_path / "state", **more) as served:
        yield served


def run(served: Served, *arguments: str, token: str = "", given: str = "") -> Result:
    environ = {"GATE_SERVER": served.address, "GATE_TOKEN": token or served.token, "COLUMNS": "200"}
    return CliRunner().invoke(gate, list(arguments), env=environ, input=given)


def test_from_nothing_to_protected_and_back(github: GitHubStandIn, at_github: Served) -> None:
    open_wide = run(at_github, "github", "check")
    assert open_wide.exit_code == 1
    assert "Anybody with write access can push to main without the gate" in open_wide.output
    assert "`gate github setup` writes the rule." in open_wide.output

    github.delivering.hooks.clear()
    declined = run(at_github, "github", "setup", given="n\n")
    assert "+ create webhook" in declined.output
    assert "secret: set" in declined.output
    assert "+ create Staging Gate: main" in declined.output
    assert "may pass: gate (on pull requests)" in declined.output
    assert declined.exit_code == 0
    assert github.guard.rulesets == []
    planned = json.loads(run(at_github, "github", "setup", "--json").output)
    assert not planned["done"]
    assert github.guard.rulesets == []

    done = run(at_github, "github", "setup", given="y\n")
    assert "Done. `gate github check` says what is still open." in done.output, done.output
    assert len(github.guard.rulesets) == 5
    assert (
        "Nothing to do: the rules and the webhook at GitHub are as they should be."
        in run(at_github, "github", "setup").output
    )
    [made] = github.delivering.hooks.values()
    assert (made["config"]["secret"], made["config"]["url"]) == ("s3cret", "https://gate.example.com/hooks/github")
    assert "s3cret" not in declined.output + done.output
    left = json.loads(run(at_github, "github", "check", "--json").output)
    assert {one["code"] for one in left} == {"person", "unbound"}  # what only an App can mend

    findings = {one["what"]: one for one in json.loads(run(at_github, "doctor", "--json").output)}
    assert findings["webhook at GitHub"]["found"] == "GitHub tells us what happens there by a webhook"
    assert findings["protection"]["found"].startswith("3 things are not protected at GitHub. The first: ")
    assert findings["rights at GitHub"]["ok"]
    gone = json.loads(run(at_github, "github", "setup", "--remove", "--yes", "--json").output)
    assert {step["kind"] for step in gone["steps"]} == {"remove"}
    assert github.guard.rulesets == []
    assert github.delivering.hooks == {}
    nothing = run(at_github, "github", "setup", "--remove")
    assert "Nothing to do: there is nothing of ours at GitHub." in nothing.output


def test_who_may_not(github: GitHubStandIn, at_github: Served) -> None:
    refused = run(at_github, "github", "check", token=at_github.token_of("ada"))
    assert refused.exit_code == 2
    assert "that needs the role devops or admin" in refused.output

    github.guard.administrators.clear()
    by_hand = run(at_github, "github", "setup", "--yes")
    assert by_hand.exit_code == 1
    assert "GitHub refused POST" in by_hand.output
    assert "At GitHub: Settings, Rules, Rulesets, New ruleset." in by_hand.output


def test_lost_webhooks_are_shown(github: GitHubStandIn, at_github: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_lost, "UNDER_WAY", timedelta(0))
    house = at_github.house
    eventually(house.inbox.looks, within=60)  # the server's own first look
    lost = github.delivering.sends("push", SystemClock().now())
    finding_lost.look(house.ports, house.inbox, every=timedelta(0))
    said = "1 got lost and was found, asked "

    assert said in run(at_github, "hooks", "lag").output
    listed = run(at_github, "hooks", "list").output
    assert lost in listed
    assert "lost, found; " in listed
    assert said in listed
    [lag] = json.loads(run(at_github, "hooks", "lag", "--json").output)
    assert (lag["well"], lag["lag"]["lost"]) == (True, 1)
    assert "webhooks of github: the last came" in run(at_github, "doctor").output
    assert json.loads(run(at_github, "status", "--json").output)["webhooks"][0]["lag"]["lost"] == 1
    page = httpx2.get(at_github.address, headers={"cookie": at_github.cookie}, trust_env=False).text
    assert "Webhooks of github: the last came" in page

    github.delivering.shown = False
    finding_lost.look(house.ports, house.inbox, every=timedelta(0))
    assert "webhooks of github  the last came" in run(at_github, "status").output
    doctor = {one["what"]: one for one in json.loads(run(at_github, "doctor", "--json").output)}
    assert "what got lost is not known since " in doctor["webhooks of github"]["found"]
    assert not doctor["webhooks of github"]["ok"]
