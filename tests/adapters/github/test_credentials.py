"""Tokens of an App: made, renewed, revoked; and keys that are none."""

from pathlib import Path

import pytest

from staging_gate.adapters.github import GitHubCodeHost
from staging_gate.ports.errors import Refused
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.web import Reply
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import connected


def made(github: GitHubStandIn) -> int:
    return len(github.asked_for("POST", "/access_tokens"))


def test_the_app_signs_in_with_a_long_token(github: GitHubStandIn, app: GitHubCodeHost) -> None:
    tip = commit(github.host.path, "main", {"a": "1"})

    assert app.branches() == {"main": tip}
    app.create_branch("staging", tip)

    assert made(github) == 1
    [asked] = github.asked_for("POST", "/access_tokens")
    assert asked.json() == {"repositories": ["marketedge"]}
    assert len(github.asked_for("POST", "/git/refs")[0].headers["authorization"]) > 500


def test_a_token_is_renewed_before_it_expires(github: GitHubStandIn, app: GitHubCodeHost, clock: MovableClock) -> None:
    commit(github.host.path, "main", {"a": "1"})
    for minutes, tokens in ((0, 1), (54, 1), (2, 2), (30, 2), (30, 3)):
        clock.advance(minutes=minutes)
        assert app.branches()
        assert made(github) == tokens


def test_a_revoked_token_is_replaced_once(github: GitHubStandIn, app: GitHubCodeHost, clock: MovableClock) -> None:
    tip = commit(github.host.path, "main", {"a": "1"})
    assert app.branches()
    clock.advance(minutes=10)
    github.revoke()

    assert app.branches() == {"main": tip}
    assert made(github) == 2
    clock.advance(minutes=10)
    github.revoke()
    assert app.pusher("main", tip) is None
    assert made(github) == 3
    github.has_trouble(Reply(401, b'{"message": "Bad credentials"}', {"content-type": "application/json"}), times=9)
    with pytest.raises(Refused, match="401: Bad credentials. The token was revoked, has expired or is wrong"):
        app.calls.open_pull_requests("main")
    assert made(github) == 3


def test_an_app_that_is_not_installed(github: GitHubStandIn, app: GitHubCodeHost) -> None:
    github.has_trouble(Reply(404), path="/installation")

    with pytest.raises(Refused, match="The GitHub App is not installed on zebra/marketedge. Install it there"):
        app.branches()


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"])
def test_a_key_that_is_none(github: GitHubStandIn, tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match="The private key of the GitHub App can not be used: expected the PEM file"):
        connected(github, tmp_path, app="99", key=text)
