"""The release calendar as the API, the page and calendar programs show it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar, Event

from staging_gate.domain.actor import Actor
from staging_gate.runbook import tokens
from staging_gate.testing.serving import POLICY, Served, running_server
from staging_gate.wire.api import Api
from tests.server.test_api import ask

BEGINS = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
TODAY = BEGINS.date()
FROZEN = TODAY + timedelta(days=3)
CALENDAR = f"""\
calendar:
  staging_cutoff: wed 17:00
  production_windows: [mon-sun 00:00-24:00]
  freezes:
    - {{from: {FROZEN}, until: {FROZEN}, why: "<b>stock-taking</b>"}}
    - {{from: {FROZEN}, until: {FROZEN}, why: a fair, environments: [staging]}}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state: Path = tmp_path_factory.mktemp("state")
    with running_server(state, BEGINS) as served:
        served.commit("main", {"gate.yaml": POLICY + CALENDAR, "index.html": "hello"}, "feat: the first version")
        yield served


@pytest.fixture
def ada(served: Served) -> Api:
    return Api(served.address, served.token_of("ada"))


def path_of(ada: Api) -> str:
    return str(ada.get("/calendar/feed")["path"])


def test_whole_weeks_from_monday(ada: Api) -> None:
    found = ada.get("/calendar", weeks=2)
    days = [date.fromisoformat(day["date"]) for day in found["days"]]
    assert len(days) == 14
    assert days[0] == TODAY - timedelta(days=TODAY.weekday())
    assert [date.fromisoformat(day["date"]) for day in found["days"] if day["today"]] == [TODAY]
    assert found["zone"] == "UTC"


def test_a_day_shows_what_is_on_it(ada: Api) -> None:
    days = {day["date"]: day["marks"] for day in ada.get("/calendar")["days"]}
    assert {"kind": "freeze", "text": "production frozen: <b>stock-taking</b>"} in days[FROZEN.isoformat()]
    assert {"kind": "freeze", "text": "staging frozen: a fair"} in days[FROZEN.isoformat()]
    after = days[(FROZEN + timedelta(days=1)).isoformat()]
    assert {"kind": "window", "text": "production open"} in after
    wednesday = next(marks for day, marks in days.items() if date.fromisoformat(day).weekday() == 2)
    assert "17:00 staging cut-off" in [mark["text"] for mark in wednesday]


def test_it_says_how_things_stand_now(ada: Api) -> None:
    assert ada.get("/calendar")["now"][0] == f"Production is open until {FROZEN:%a %Y-%m-%d} 00:00 UTC."


@pytest.mark.parametrize("weeks", [0, 53, "many"])
def test_weeks_are_counted(ada: Api, served: Served, weeks: object) -> None:
    token = served.token_of("ada")
    status, body, _ = ask(served, "GET", f"/api/v1/calendar?weeks={weeks}", authorization=f"Bearer {token}")
    assert status == 422
    assert "query.weeks" in body


def test_the_page_draws_it(served: Served) -> None:
    status, body, _ = ask(served, "GET", "/calendar", cookie=served.cookie)
    assert status == 200
    assert '<span class="entry freeze">production frozen: &lt;b&gt;stock-taking&lt;/b&gt;</span>' in body
    assert 'aria-current="date"' in body
    assert "/api/v1/calendar.ics?key=" in body
    assert '<a href="/calendar">Calendar</a>' in ask(served, "GET", "/", cookie=served.cookie)[1]


def test_the_board_says_when_production_is_open(served: Served) -> None:
    body = ask(served, "GET", "/board-content", cookie=served.cookie)[1]
    assert f'<a href="/calendar">Calendar</a> Production is open until {FROZEN:%a %Y-%m-%d} 00:00 UTC.' in body


def test_the_page_is_for_who_signed_in(served: Served) -> None:
    status, _, answer = ask(served, "GET", "/calendar")
    assert (status, answer["location"]) == (303, "/login")


def test_the_feed_is_a_calendar(served: Served, ada: Api) -> None:
    status, body, answer = ask(served, "GET", path_of(ada))
    assert status == 200
    assert answer["content-type"] == "text/calendar; charset=utf-8"
    read = Calendar.from_ical(body)
    events = [each for each in read.walk("VEVENT") if isinstance(each, Event)]
    assert not [error for each in events for error in each.errors]
    assert str(read["x-wr-calname"]) == "shop releases"
    frozen = next(each for each in events if "stock-taking" in str(each["summary"]))
    assert str(frozen["summary"]) == "shop: production frozen: <b>stock-taking</b>"
    assert (frozen.start, frozen.end) == (at(FROZEN), at(FROZEN + timedelta(days=1)))
    cutoffs = [each for each in events if "cutoff" in each.categories]
    assert len(cutoffs) in (33, 34, 35)
    assert {each.start.strftime("%a %H:%M") for each in cutoffs if isinstance(each.start, datetime)} == {"Wed 17:00"}


def test_the_same_thing_has_the_same_uid_in_every_answer(served: Served, ada: Api) -> None:
    first, second = (ask(served, "GET", path_of(ada))[1] for _ in range(2))
    uids = [str(each["uid"]) for each in Calendar.from_ical(first).walk("VEVENT")]
    assert len(set(uids)) == len(uids)
    assert uids == [str(each["uid"]) for each in Calendar.from_ical(second).walk("VEVENT")]
    frozen = [uid for uid in uids if uid.startswith(f"freeze-{FROZEN:%Y%m%d}T0000Z-")]
    assert len(frozen) == 2 and all(uid.endswith("@shop.staging-gate") for uid in frozen)


def test_a_token_reads_the_feed_as_well(served: Served) -> None:
    token = served.token_of("ada")
    assert ask(served, "GET", "/api/v1/calendar.ics", authorization=f"Bearer {token}")[0] == 200


@pytest.mark.parametrize("key", ["", "x", "x.y", "é.é", "0" * 8 + "." + "0" * 64])
def test_without_a_right_key_the_feed_is_closed(served: Served, key: str) -> None:
    from urllib.parse import quote

    status, body, _ = ask(served, "GET", f"/api/v1/calendar.ics?key={quote(key)}")
    assert status == 401
    assert "This address opens no calendar, or not any more: `gate calendar --feed` gives one that does." in body


def test_the_key_opens_nothing_else(served: Served, ada: Api) -> None:
    key = path_of(ada).partition("key=")[2]
    assert ask(served, "GET", f"/api/v1/board?key={key}")[0] == 401
    assert ask(served, "GET", "/api/v1/board", authorization=f"Bearer {key}")[0] == 401
    assert ask(served, "GET", "/api/v1/board", cookie=f"gate_session={key}")[0] == 401


def test_the_key_ends_with_its_token(served: Served) -> None:
    admin = Actor("admin", roles=frozenset({"admin"}))
    token, secret = tokens.create(served.house.ports, "ben", admin)
    path = path_of(Api(served.address, secret))
    assert ask(served, "GET", path)[0] == 200
    tokens.revoke(served.house.ports, token.id, admin)
    assert ask(served, "GET", path)[0] == 401


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
