"""Every recorded webhook, where they are at hand: a hint of any shape is taken, whoever sends it."""

import json
from pathlib import Path

import pytest

from staging_gate.adapters.render import Settings, connect
from staging_gate.adapters.render.shapes import about
from staging_gate.testing.clock import MovableClock
from tests.adapters.specification import PARSED, ends_of, payloads, tell

HINT = b'{"type":"deploy_ended","timestamp":"2026-01-07T10:00:00Z","data":{"id":"evt-1","serviceId":"srv-1"}}'


@pytest.mark.parametrize("bodies", payloads("github"), ids=["recorded"] * len(payloads("github")))
def test_every_recorded_webhook_is_a_hint(bodies: list[bytes], tmp_path: Path, pytestconfig: pytest.Config) -> None:
    target = connect(Settings("", tmp_path), MovableClock())

    def read(body: bytes) -> str:
        target.heard(body)
        return PARSED if isinstance(json.loads(body), dict) else "no object"

    assert tell(pytestconfig, "GitHub's webhooks", ends_of(bodies, read)).refused == {}


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b"7", b"[" * 60_000),
        *(b'{"data": null}', b'{"data": []}', b'{"data": {"id": 7}}'),
    ],
    ids=range(11),
)
def test_a_hint_of_any_shape_is_taken(body: bytes, tmp_path: Path) -> None:
    connect(Settings("", tmp_path), MovableClock()).heard(body)


def test_what_a_hint_is_about() -> None:
    assert about(json.loads(HINT)) == ("srv-1", "evt-1")
    assert about(["nothing"]) == ()
