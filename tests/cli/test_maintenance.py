"""`gate maintenance` against a real server."""

import json

import pytest

from staging_gate.cli import calendar
from tests.cli.conftest import Run


def test_it_is_announced_extended_and_cancelled(run: Run) -> None:
    told = run("maintenance", "announce", "Move prices", "--from", "+1d", "--until", "+2h", by="tess")
    assert told.exit_code == 0
    assert told.output.startswith("Maintenance 1 is announced: from 20")
    assert "! It begins on " in told.output
    assert "Tell everybody who uses it now, or put it off." in told.output

    listed = run("maintenance", "list", by="ada").output
    assert "announced" in listed
    assert "Move prices" in listed
    status = run("status", by="ada").output
    assert "maintenance  Production is in maintenance from " in status

    extended = run("maintenance", "extend", "1", "--until", "+3h", by="tess")
    assert extended.output.startswith("Maintenance 1 is now from ")
    assert json.loads(run("maintenance", "list", "--json").output)[0]["maintenance"]["changes"] == 1

    cancelled = run("maintenance", "cancel", "1", "--reason", "the plan was wrong", by="tess")
    assert cancelled.output == "Maintenance 1 is cancelled: Move prices.\n"
    assert "No maintenance is announced: `gate maintenance announce`." in run("maintenance", "list").output
    assert "was cancelled by tess: the plan was wrong (Move prices)" in run("maintenance", "list", "--all").output


def test_who_may_not_announce_one_is_told_who_may(run: Run) -> None:
    told = run("maintenance", "announce", "Mine", "--from", "+1d", "--until", "+2h", by="ada")
    assert told.exit_code == 3
    assert "that needs the role tech_lead or devops or admin." in told.output


def test_json_has_the_warnings(run: Run) -> None:
    told = run("maintenance", "announce", "Later", "--from", "+20d", "--until", "+2h", "--service", "site", "--json")
    answer = json.loads(told.output)
    assert answer["maintenance"]["services"] == ["site"]
    assert "short_notice" not in [said["code"] for said in answer["warnings"]]


def test_a_terminal_gets_it_drawn(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("maintenance", "announce", "[bold] vacuum", "--from", "+0m", "--until", "+3h", by="tess")
    monkeypatch.setenv("COLUMNS", "250")
    calendar._draw(json.loads(run("calendar", "--json").output))
    assert "[bold] vacuum" in " ".join(capsys.readouterr().out.split())
