"""Which rights we have at GitHub, and what is lost without the others."""

from typing import cast

import pytest

from staging_gate.adapters.github import GitHubCodeHost, examine_rights
from staging_gate.adapters.github.credentials import AppToken, Token
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.web import json_reply
from tests.adapters.github.connecting import TOKEN

ALL = {"checks": "write", "statuses": "write", "deployments": "write", "administration": "read", "contents": "write"}


def of_app(app: GitHubCodeHost) -> tuple[bool, str, str]:
    found = examine_rights(app.calls, cast(AppToken, app.calls.http.credentials))
    return found.ok, found.found, found.do


def test_an_app_with_all_rights(github: GitHubStandIn, app: GitHubCodeHost) -> None:
    github.rights = dict(ALL)
    ok, said, _ = of_app(app)
    assert ok
    assert said.startswith("the App has administration: read, checks: write, contents: write")
    assert said.endswith("needs Administration: write while it runs, and nobody needs it afterwards")


@pytest.mark.parametrize("right", ["checks", "statuses", "deployments", "administration"])
def test_each_missing_right_is_named(github: GitHubStandIn, app: GitHubCodeHost, right: str) -> None:
    github.rights = {name: level for name, level in ALL.items() if name != right}

    ok, said, do = of_app(app)

    assert not ok
    assert f"; without {right}: " in said
    assert do.startswith(f"Grant {right}: ")


@pytest.mark.parametrize(
    ("scopes", "ok", "said"),
    [
        ("repo, workflow", True, "a classic token with the scopes repo, workflow: it reaches every repository of its"),
        ("gist", False, "The token has the scopes gist."),
        (None, True, "GitHub does not list the rights of this token: a call that it refuses names what it lacks"),
    ],
)
def test_tokens(github: GitHubStandIn, host: GitHubCodeHost, scopes: str | None, ok: bool, said: str) -> None:
    headers = {"x-oauth-scopes": scopes} if scopes else {}
    github.has_trouble(json_reply(200, {"full_name": github.name}, headers), "GET", "marketedge$")

    found = examine_rights(host.calls, Token(TOKEN))

    assert found.ok is ok
    assert found.found.startswith(said)


def test_a_revoked_token(github: GitHubStandIn, host: GitHubCodeHost) -> None:
    github.revoke()
    assert "The token was revoked, has expired or is wrong" in examine_rights(host.calls, Token(TOKEN)).found
