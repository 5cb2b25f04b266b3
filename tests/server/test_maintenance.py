"""Maintenance on the board, in the calendar, and in calendar programs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from staging_gate.testing.serving import POLICY, Served, running_server
from staging_gate.wire.api import Api, ApiProblem
from tests.server.test_api import ask

ALWAYS = "calendar: {production_windows: [mon-sun 00:00-24:00]}\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state: Path = tmp_path_factory.mktemp("state")
    with running_server(state) as served:
        served.commit("main", {"gate.yaml": POLICY + ALWAYS, "index.html": "hello"}, "feat: the first version")
        yield served


@pytest.fixture
def tess(served: Served) -> Api:
    return Api(served.address, served.token_of("tess"))


def announced(by: Api, title: str, begins: str = "+1d", ends: str = "+2h", **more: Any) -> dict[str, Any]:
    told = by.post("/maintenances", title=title, begins=begins, ends=ends, **more)
    assert isinstance(told, dict)
    return told


def event_of(served: Served, by: Api, id: int) -> Any:
    status, body, _ = ask(served, "GET", by.get("/calendar/feed")["path"])
    assert status == 200
    written = Calendar.from_ical(body)
    return next(each for each in written.walk("VEVENT") if f"maintenance-{id}@" in str(each["uid"]))


def test_who_announces_one_is_told_what_to_know(tess: Api) -> None:
    told = announced(tess, "Move prices", affected="prices can not be changed", services=["site"])
    assert told["maintenance"]["services"] == ["site"]
    assert told["maintenance"]["announced_by"] == "tess"
    assert "short_notice" in [said["code"] for said in told["warnings"]]
    tess.post(f"/maintenances/{told['maintenance']['id']}/cancel", reason="only a try")


def test_who_may_not_is_refused_with_the_reason(served: Served) -> None:
    ada = Api(served.address, served.token_of("ada"))
    with pytest.raises(ApiProblem) as refused:
        announced(ada, "Mine")
    assert refused.value.body["decision"]["reasons"][0]["code"] == "no_right"


def test_times_that_can_not_be_meant_are_told(tess: Api) -> None:
    with pytest.raises(ApiProblem, match="'soon' is no moment"):
        announced(tess, "Move prices", begins="soon")
    with pytest.raises(ApiProblem, match="There is no maintenance 4711"):
        tess.post("/maintenances/4711/cancel", reason="x")


def test_the_board_shows_it(served: Served, tess: Api) -> None:
    told = announced(tess, "Move <b>prices</b>", begins="+0m", note="see the wiki")
    id = told["maintenance"]["id"]
    body = ask(served, "GET", "/board-content", cookie=served.cookie)[1]
    assert f"<b>Maintenance {id}</b> Production is in maintenance until" in body
    assert "Move &lt;b&gt;prices&lt;/b&gt;" in body
    assert "see the wiki" in body
    assert tess.get("/board")["maintenances"][0]["state"] == "active"
    tess.post(f"/maintenances/{id}/cancel", reason="done early")
    assert "Maintenance" not in ask(served, "GET", "/board-content", cookie=served.cookie)[1]


def test_the_calendar_draws_it_until_it_is_cancelled(served: Served, tess: Api) -> None:
    told = announced(tess, "Rebuild the index")
    marks = [mark for day in tess.get("/calendar", weeks=2)["days"] for mark in day["marks"]]
    assert any(mark["kind"] == "maintenance" and "Rebuild the index" in mark["text"] for mark in marks)
    page = ask(served, "GET", "/calendar", cookie=served.cookie)[1]
    assert '<span class="entry maintenance">' in page
    tess.post(f"/maintenances/{told['maintenance']['id']}/cancel", reason="not needed")
    assert "Rebuild the index" not in ask(served, "GET", "/calendar", cookie=served.cookie)[1]


def test_calendar_programs_follow_its_changes(served: Served, tess: Api) -> None:
    id = announced(tess, "Copy the orders", begins="+2d")["maintenance"]["id"]
    first = event_of(served, tess, id)
    assert (int(first["sequence"]), str(first["status"])) == (0, "CONFIRMED")
    assert str(first["summary"]) == "shop: maintenance of production: Copy the orders"
    assert first["dtend"].dt - first["dtstart"].dt == timedelta(hours=2)

    tess.post(f"/maintenances/{id}/extend", ends="+5h")
    moved = event_of(served, tess, id)
    assert (str(moved["uid"]), int(moved["sequence"])) == (str(first["uid"]), 1)
    assert moved["dtend"].dt - moved["dtstart"].dt == timedelta(hours=5)
    assert moved["dtstamp"].dt >= first["dtstamp"].dt

    tess.post(f"/maintenances/{id}/cancel", reason="the plan was wrong")
    gone = event_of(served, tess, id)
    assert (str(gone["uid"]), int(gone["sequence"]), str(gone["status"])) == (str(first["uid"]), 2, "CANCELLED")


def test_what_is_over_is_listed_where_all_is_asked_for(tess: Api) -> None:
    id = announced(tess, "Vacuum", begins="+3d")["maintenance"]["id"]
    assert [each["maintenance"]["id"] for each in tess.get("/maintenances")] == [id]
    tess.post(f"/maintenances/{id}/cancel", reason="the night is enough")
    assert tess.get("/maintenances") == []
    last = next(each for each in tess.get("/maintenances", every=True) if each["maintenance"]["id"] == id)
    assert last["state"] == "cancelled"
    assert "was cancelled by tess: the night is enough" in last["said"]
    assert datetime.fromisoformat(last["maintenance"]["starts_at"]) > datetime.now(UTC)
