"""`gate calendar` against a real server."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from staging_gate.cli import calendar as command
from staging_gate.testing.serving import POLICY, Served, running_server
from tests.cli.conftest import Run
from tests.server.test_api import ask

BEGINS = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
TODAY = BEGINS.date()
CALENDAR = f"""\
calendar:
  staging_cutoff: wed 17:00
  production_windows: [mon-sun 09:00-17:00]
  freezes: [{{from: {TODAY}, until: {TODAY}, why: "[bold] day"}}]
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state: Path = tmp_path_factory.mktemp("state")
    with running_server(state, BEGINS) as served:
        served.commit("main", {"gate.yaml": POLICY + CALENDAR, "index.html": "hello"}, "feat: the first version")
        yield served


def test_a_pipe_gets_a_line_for_each_thing(run: Run) -> None:
    lines = run("calendar", "--weeks", "2", by="ada").output.splitlines()
    tomorrow = TODAY + timedelta(days=1)
    assert lines[0] == f"Production is closed ([bold] day). It opens on {tomorrow:%a %Y-%m-%d} 09:00 UTC."
    assert f"{TODAY:%a %Y-%m-%d}  production frozen: [bold] day" in lines
    assert f"{tomorrow:%a %Y-%m-%d}  09:00-17:00 production open" in lines
    assert sum("17:00 staging cut-off" in line for line in lines) == 2


def test_the_status_says_how_production_stands(run: Run) -> None:
    said = run("status", by="ada").output
    assert "Production is closed ([bold] day). It opens on " in said
    assert "What staging holds on Wed " in said


def test_a_terminal_gets_a_grid(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    command._draw(json.loads(run("calendar", "--json", by="ada").output))
    drawn = capsys.readouterr().out
    assert "Mon" in drawn and "Sun" in drawn
    assert "[bold] day" in drawn  # what people write is text
    assert f"{TODAY:%d %b}" in drawn
    assert "times of UTC" in drawn


def test_the_feed_can_be_subscribed_to(served: Served, run: Run) -> None:
    address = run("calendar", "--feed", by="ada").output.strip()
    assert address.startswith(f"{served.address}/api/v1/calendar.ics?key=")
    assert json.loads(run("calendar", "--feed", "--json", by="ada").output)["address"].startswith(served.address)
    status, body, _ = ask(served, "GET", address.removeprefix(served.address))
    assert status == 200
    assert Calendar.from_ical(body).walk("VEVENT")


@pytest.mark.parametrize("weeks", ["0", "53", "some"])
def test_bad_input_is_named(run: Run, weeks: str) -> None:
    refused = run("calendar", "--weeks", weeks)
    assert refused.exit_code == 2
    assert "Invalid value for '--weeks'" in refused.output
