"""`gate rollback` and what a person says about the database."""

from typing import Any

import pytest

from staging_gate.wire.api import Api
from tests.cli.conftest import Run


def test_both_wishes_at_once_are_refused(run: Run) -> None:
    refused = run("rollback", "--switch-only", "--accept-data-loss", "--reason", "x", by="tess")

    assert refused.exit_code == 2
    assert "Say --switch-only or --accept-data-loss, not both" in refused.output


@pytest.mark.parametrize(
    ("flag", "wish"), [("--switch-only", "switch_only"), ("--accept-data-loss", "accept_data_loss")]
)
def test_what_is_said_about_the_database_is_asked_of_the_server(
    run: Run, monkeypatch: pytest.MonkeyPatch, flag: str, wish: str
) -> None:
    asked: list[dict[str, Any]] = []

    def post(self: Api, path: str, **given: Any) -> dict[str, Any]:
        asked.append(given)
        return {"id": "production-3", "why": "rollback to v1.0.0"}

    monkeypatch.setattr(Api, "post", post)
    assert run("rollback", "v1.0.0", flag, "--no-wait", "--reason", "x", by="tess").exit_code == 0

    wishes = {"switch_only": False, "accept_data_loss": False, wish: True}
    assert asked == [{"to": "v1.0.0", "back": None, "through_provider": False, "reason": "x", **wishes}]
