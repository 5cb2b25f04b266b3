"""Who made a tag, as GitHub's webhooks say it."""

import json
from typing import Any

import pytest

from staging_gate.adapters.github.pushed import GitHubTagNews
from staging_gate.ports.pushes import TagMade

NEWS = GitHubTagNews("zebra/marketedge")
OURS = {"repository": {"full_name": "Zebra/MarketEdge"}, "sender": {"login": "dora", "type": "User"}}
PUSH = {"ref": "refs/tags/v1.0.0-rollback", "created": True, **OURS}
CREATE = {"ref": "v1.0.0-rollback", "ref_type": "tag", **OURS}


@pytest.mark.parametrize("body", [PUSH, CREATE, {**PUSH, "something": [None]}, {**CREATE, "pusher_type": "user"}])
def test_both_webhooks_say_it(body: dict[str, Any]) -> None:
    assert NEWS.made(json.dumps(body).encode()) == TagMade("v1.0.0-rollback", "dora")


@pytest.mark.parametrize(
    "body",
    [
        {**PUSH, "created": False},
        {**PUSH, "ref": "refs/heads/v1.0.0-rollback"},
        {**PUSH, "sender": {"login": "ci[bot]", "type": "Bot"}},
        {**PUSH, "sender": None},
        {**PUSH, "repository": {"full_name": "zebra/other"}},
        {**PUSH, "repository": None},
        {**CREATE, "ref_type": "branch"},
        {"ref": 1},
        [],
        None,
    ],
)
def test_nothing_else_does(body: object) -> None:
    assert NEWS.made(json.dumps(body).encode()) is None


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_any_body_is_taken(body: bytes) -> None:
    assert NEWS.made(body) is None
