"""Webhooks of the stand-ins are signed as our own hooks want them, and people push to the running GitHub."""

import base64
import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from staging_gate.testing import eventually, webhooks
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.github.running import RunningGitHub
from staging_gate.testing.web import Reply, Request, WebServer
from staging_gate.testing.webhooks import Sign, Webhooks
from staging_gate.wire import signatures
from staging_gate.wire.signatures import Verify

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sign", "verify", "secret", "event"),
    [
        (webhooks.github, signatures.github, b"of no value", "push"),
        (webhooks.render, signatures.render, b"whsec_" + base64.b64encode(b"of no value"), "deploy_ended"),
    ],
)
def test_a_signature_is_taken_as_the_real_one_is(sign: Sign, verify: Verify, secret: bytes, event: str) -> None:
    body = json.dumps({"type": event}).encode()

    headers = {name.encode(): value.encode() for name, value in sign("delivery-1", event, body, secret, AT).items()}

    assert verify(headers, body, [secret], AT) == signatures.Signed("delivery-1", event)


def test_what_is_to_be_lost_never_leaves() -> None:
    came: list[Request] = []

    def answer(request: Request) -> Reply:
        came.append(request)
        return Reply(202)

    with WebServer(answer) as web, Webhooks(web.address, b"s", webhooks.github, MovableClock()) as hooks:
        hooks.lose = 1
        hooks.send("push", {"number": 1})
        hooks.send("push", {"number": 2})
        eventually(lambda: hooks.delivered)

    assert [one.json() for one in came] == [{"number": 2}]
    assert (hooks.delivered, hooks.lost, hooks.failed) == (1, 1, 0)


def test_people_push_to_github_but_not_where_rules_want_a_pull_request(tmp_path: Path) -> None:
    told: list[tuple[str, Any]] = []
    github = RunningGitHub(tmp_path / "github", MovableClock(), tell=lambda *one: told.append(one))
    github.protected.add("refs/heads/main")
    github.grant("ada", "ghp_ada")
    with github.running():
        remote = f"{github.web.address.replace('://', '://ada:ghp_ada@')}/{github.name}.git"
        git = in_a_repository(tmp_path / "tree", remote)

        first, again = git("push", "origin", "HEAD:main"), git("commit", "--allow-empty", "-m", "two")
        refused, pushed = git("push", "origin", "HEAD:main"), git("push", "origin", "HEAD:feature/a")

    assert first.returncode == again.returncode == pushed.returncode == 0
    assert refused.returncode and "Changes must be made through a pull request." in refused.stderr
    assert [(event, body["ref"], body["pusher"]["name"]) for event, body in told] == [
        ("push", "refs/heads/main", "ada"),
        ("push", "refs/heads/feature/a", "ada"),
    ]
    assert [(one.branch, one.by) for one in github.pushes] == [("main", "ada"), ("feature/a", "ada")]


def in_a_repository(tree: Path, remote: str) -> "Callable[..., subprocess.CompletedProcess[str]]":
    """Runs git there, as nobody in particular."""
    tree.mkdir()
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    people = {f"GIT_{who}_{what}": "ada" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environ = {"PATH": os.environ["PATH"], **plain, **people}

    def git(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["git", *arguments], cwd=tree, env=environ, capture_output=True, text=True)

    git("init", "-b", "work")
    git("remote", "add", "origin", remote)
    git("commit", "--allow-empty", "-m", "one")
    return git
