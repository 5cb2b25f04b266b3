"""The draft of an incident report: everything that the record knows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.domain.incident import Severity
from staging_gate.queries.reports import draft
from staging_gate.runbook import incidents
from staging_gate.testing.world import World


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """v1.1.0 failed and could not be put back at once; the second try brought v1.0.0 back, with noise in its logs."""
    folder: Path = tmp_path_factory.mktemp("world")
    world = World.begin(folder)
    world.release("v1.0.0")
    world.production.next_smoke_fails("login", where="public")
    world.production.put_back_fails("its database is gone")
    world.release("v1.1.0")
    world.production.says("ERROR Deadlock detected")
    world.advance(minutes=5)
    yield world
    world.close()


@pytest.mark.parametrize("subject", ["production-2", "production-3", "production-4", "incident 1", "1"])
def test_whatever_it_is_asked_about_it_tells_the_same_story(told: World, subject: str) -> None:
    written = draft(told.ports, subject)

    assert written is not None
    assert written.startswith("# Incident report (draft): v1.1.0 was taken back to v1.0.0\n")
    assert "| at fault | v1.1.0, production-2, asked for by tess |" in written
    assert re.search(r"\| until the release before was back and proved \| \d+\.\d s \|", written)
    assert "| rollback production-3 | to v1.0.0 by staging-gate: failed" in written
    assert "| rollback production-4 | to v1.0.0 by staging-gate: succeeded" in written
    assert "| logs of its first minutes | In 1 line: Deadlock detected once. |" in written
    assert "| incident | P1 incident 1: After production-4" in written
    assert "- production-2: The smoke tests of api did not pass through the public address: login failed" in written
    assert "| tess | published | v1.1.0 | Release v1.1.0" in written
    assert "- [ ] quarantine of v1.1.0 by staging-gate: failed in production (production-2)" in written
    assert "on production by staging-gate: v1.1.0 failed in production (production-2)" in written
    assert "- [ ] Plan the fix of what was wrong with v1.1.0 (ada, due " in written
    assert "## Root cause\n\n_To be written: " in written


def test_the_timeline_is_in_order(told: World) -> None:
    written = draft(told.ports, "production-4") or ""
    moments = re.findall(r"^\| (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \|", written, re.MULTILINE)

    assert len(moments) > 15
    assert moments == sorted(moments)


@pytest.mark.parametrize("subject", ["production-99", "incident 9", "nonsense", "incident"])
def test_of_what_is_not_there_nothing_is_written(told: World, subject: str) -> None:
    assert draft(told.ports, subject) is None


def test_an_incident_without_a_deployment_has_a_report_too(told: World) -> None:
    opened = incidents.open_incident(told.ports, Severity.P2, "prices | look <b>odd</b>", told.person("ada"))
    written = draft(told.ports, f"incident {opened.id}") or ""

    assert written.startswith("# Incident report (draft): prices | look &lt;b>odd&lt;/b>\n")
    assert "P2 incident 2: prices \\| look &lt;b>odd&lt;/b> (opened by ada)" in written
