"""A whole installation whose code lives at GitHub: settings, the house, and a change that is merged there."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from staging_gate.adapters.clock import SystemClock
from staging_gate.bootstrap.settings import BadSetting, Settings
from staging_gate.domain.actor import Actor
from staging_gate.ports.errors import Refused
from staging_gate.runbook import changes
from staging_gate.testing import eventually
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.serving import POLICY, Served, running_server
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import TOKEN, github_stand_in

HERE = POLICY.replace("{git: local}", "{git: github:zebra/marketedge}").replace(
    "approvals: {review: 1}", "approvals: {}"
)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStandIn]:
    with github_stand_in(tmp_path, SystemClock()) as stand_in:
        commit(stand_in.host.path, "main", {"gate.yaml": HERE, "index.html": "hello"}, "feat: the first version")
        commit(stand_in.host.path, "staging", {}, "chore: begin staging", "main")
        yield stand_in


@pytest.fixture
def served(github: GitHubStandIn, tmp_path: Path) -> Iterator[Served]:
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n")
    with running_server(
        tmp_path / "state", repository="github:zebra/marketedge", github_api=github.api, github_token=f"file:{secret}"
    ) as served:
        yield served


def test_a_change_is_merged_at_github(github: GitHubStandIn, served: Served) -> None:
    head = commit(github.host.path, "feature/x", {"a": "1"}, "feat: one", "staging")
    ada, ports = Actor("ada"), served.house.ports
    eventually(lambda: "feature/x" in ports.code_host.branches())
    change = changes.open_change(ports, "feature/x", "staging", by=ada)

    asked = ask(served, "POST", f"/changes/{change.number}/merge", {"method": "squash"})

    assert asked.status_code < 300, asked.text
    eventually(lambda: changes.get(ports, change.number).merged is not None, within=60)
    [pull] = github.pulls
    merged = changes.get(ports, change.number).merged
    assert merged and merged.commit == pull.merged_as == github.host.branches()["staging"]
    assert pull.head_sha == head
    eventually(lambda: "feature/x" not in github.host.branches(), within=60)


def test_what_is_decided_is_seen_at_github(github: GitHubStandIn, served: Served) -> None:
    head = commit(github.host.path, "feature/x", {"a": "1"}, "feat: one", "staging")
    ports = served.house.ports
    eventually(lambda: "feature/x" in ports.code_host.branches())

    change = changes.open_change(ports, "feature/x", "staging", by=Actor("ada"))

    eventually(lambda: change.number in github.told.comments, within=60)
    assert [one["context"] for one in github.statuses[head]] == ["staging-gate"]
    shown = next(finding for finding in served.house.examine() if finding.what == "shown at the code host")
    assert (shown.ok, shown.found) == (True, "what is decided and done is shown at the code host")


def test_doctor_tells_of_the_access(github: GitHubStandIn, served: Served) -> None:
    found = {finding.what: finding for finding in served.house.examine()}

    assert found["code host"].ok
    assert "zebra/marketedge at GitHub" in found["code host"].found
    assert "repository" not in found
    assert found["rules of staging"].found.startswith("staging at GitHub may move while something is merged into it")
    assert not found["rules of main"].ok
    assert TOKEN not in repr(served.house.settings)


def test_doctor_compares_it_with_the_policy(github: GitHubStandIn, served: Served) -> None:
    commit(github.host.path, "main", {"gate.yaml": POLICY})
    eventually(lambda: "repository" in {finding.what for finding in served.house.examine()}, within=30)

    [found] = [finding for finding in served.house.examine() if finding.what == "repository"]

    assert (
        found.found == "gate.yaml says that the code lives at git, and this installation reads github:zebra/marketedge."
    )


def test_git_is_not_served_here(github: GitHubStandIn, served: Served) -> None:
    answer = httpx2.get(f"{served.address}/git/product.git/info/refs?service=git-upload-pack", trust_env=False)

    assert answer.status_code == 404
    assert answer.text == f"The code is not served here: it lives at {github.web.address}/zebra/marketedge.git\n"


def ask(served: Served, method: str, path: str, body: Any) -> httpx2.Response:
    headers = {"authorization": f"Bearer {served.token}"}
    address = f"{served.address}/api/v1{path}"
    return httpx2.request(method, address, json=body, headers=headers, trust_env=False, timeout=60)


SIGNED = {"GATE_GITHUB_TOKEN": "env:TOKEN"}


class TestSettings:
    def test_are_read(self, tmp_path: Path) -> None:
        known = Settings.read(
            {
                "GATE_REPOSITORY": "github:zebra/market.edge_2",
                "GATE_GITHUB_APP": "Iv23li",
                "GATE_GITHUB_KEY": "file:/etc/gate/key.pem",
                "GATE_GITHUB_API": "https://ghe.zebra.example/api/v3",
                "GATE_AUTHORITIES": "/etc/ssl/zebra.pem",
            },
            tmp_path,
        )

        assert (known.repository, known.github_app) == ("github:zebra/market.edge_2", "Iv23li")
        assert (known.github_key, known.github_api) == ("file:/etc/gate/key.pem", "https://ghe.zebra.example/api/v3")
        assert known.authorities == Path("/etc/ssl/zebra.pem")

    @pytest.mark.parametrize(
        "text", ["zebra/marketedge", "github:zebra", "gitlab:zebra/x", "github:a/b/c", "github:a/../b", "github:a/.."]
    )
    def test_a_repository_that_is_none(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(BadSetting, match="GATE_REPOSITORY is .*; the repository at GitHub is wanted, such as"):
            Settings.read({"GATE_REPOSITORY": text, **SIGNED}, tmp_path)

    @pytest.mark.parametrize("more", [{}, {"GATE_GITHUB_APP": "1"}, {"GATE_GITHUB_KEY": "file:/k"}])
    def test_nothing_to_sign_in_with(self, tmp_path: Path, more: dict[str, str]) -> None:
        with pytest.raises(BadSetting, match="nothing says how to sign in there: set GATE_GITHUB_TOKEN, or GATE"):
            Settings.read({"GATE_REPOSITORY": "github:zebra/marketedge", **more}, tmp_path)

    def test_a_secret_that_is_not_there(self, tmp_path: Path) -> None:
        from staging_gate.bootstrap.settings import CanNotStart

        with (
            pytest.raises((CanNotStart, Refused), match="A secret is missing. GATE_GITHUB_TOKEN is file:/nowhere, but"),
            running_server(tmp_path, repository="github:zebra/marketedge", github_token="file:/nowhere"),
        ):
            pass


@pytest.mark.parametrize("text", ["0", "often", "1441", "-3"])
def test_how_often_lost_webhooks_are_asked_for(tmp_path: Path, text: str) -> None:
    assert Settings.read({"GATE_LOST_EVERY": "10"}, tmp_path).lost_every == timedelta(minutes=10)
    with pytest.raises(BadSetting, match=f"GATE_LOST_EVERY is '{text}'; a number of minutes from 1 to 1440 is wanted"):
        Settings.read({"GATE_LOST_EVERY": text}, tmp_path)
