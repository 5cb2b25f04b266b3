"""What the pages show of a story: rendered from a world, without a server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from staging_gate.domain.followup import FollowUp, FollowUpKind
from staging_gate.domain.incident import Severity
from staging_gate.queries.board import board
from staging_gate.queries.deployments import timeline
from staging_gate.queries.followups import ShownFollowUp
from staging_gate.runbook import incidents
from staging_gate.server.web.pages import page
from staging_gate.testing.world import World

ZONE = ZoneInfo("Europe/London")
AT = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """v1.0.0 runs in production; v1.1.0 failed there and took itself back; a change and an incident are open."""
    world = World.begin(tmp_path_factory.mktemp("world"))
    world.release("v1.0.0")
    world.production.next_smoke_fails("login", where="public")
    world.release("v1.1.0")
    world.change("feat: light mode")
    incidents.open_incident(world.ports, Severity.P2, "prices look `odd`", world.person("ada"))
    yield world
    world.close()


def test_the_board_tells_the_whole_story(told: World) -> None:
    shown = bytes(page("board_content.html", board=board(told.ports), zone=ZONE).body).decode()
    assert "P2 incident 1" in shown
    assert "gate hold lift" in shown
    assert "quarantined" in shown
    assert "rolled back" in shown
    assert "The smoke tests of api did not pass through the public address: login failed" in shown
    assert "rollback to v1.0.0" in shown
    assert "feat: light mode" in shown


def test_what_is_in_quarantine_is_shown_however_long_ago_it_was_released(told: World) -> None:
    now = board(told.ports)
    for known in (now, replace(now, releases=())):
        shown = bytes(page("board_content.html", board=known, zone=ZONE).body).decode()
        assert shown.count("gate release lift v1.1.0") == 1


def test_a_rollback_shows_what_its_first_logs_say_and_where_its_report_is(told: World) -> None:
    found = timeline(told.ports, "production-3")
    assert found
    rollback = replace(found.deployment, logs_found="Deadlock detected once.", retries="production-2")
    known = replace(found, deployment=rollback)
    shown = bytes(page("deployment_content.html", timeline=known, now=told.ports.clock.now(), zone=ZONE).body).decode()
    assert "Deadlock detected once." in shown
    assert "gate report production-3" in shown
    assert 'after <a href="/deployments/production-2">' in shown


def test_a_deployment_that_failed_shows_its_steps_and_the_evidence(told: World) -> None:
    found = timeline(told.ports, "production-2")
    shown = bytes(page("deployment_content.html", timeline=found, now=told.ports.clock.now(), zone=ZONE).body).decode()
    assert "smoke test through the public address" in shown
    assert "kept: this tree is already built" in shown
    assert "the last words of api in production-2" in shown


def test_the_board_names_the_first_follow_ups_and_counts_the_others(told: World) -> None:
    now = board(told.ports)
    one = ShownFollowUp(FollowUp(7, FollowUpKind.REVIEW, "v1.1.1", "Review it", "tess", AT, AT), overdue=False)
    shown = bytes(page("board_content.html", board=replace(now, follow_ups=(one,) * 8), zone=ZONE).body).decode()

    assert shown.count("gate followup done 7") == 5
    assert "and 3 that are due later" in shown


def test_times_are_shown_in_the_zone_of_the_policy(told: World) -> None:
    shown = bytes(page("board_content.html", board=board(told.ports), zone=ZoneInfo("Asia/Tokyo")).body).decode()
    assert " JST" in shown
    assert " UTC" not in shown
