"""Asking only whether something is still so."""

import json
from collections.abc import Iterator

import pytest

from staging_gate.testing.clock import MovableClock
from staging_gate.testing.web import Reply, Request, WebServer, json_reply
from staging_gate.wire.answers import Answer
from staging_gate.wire.http import Http, Provider
from staging_gate.wire.memory import Memory


class Shelf:
    """Answers with what lies at the path, by its ETag; `pages` of a list have links."""

    def __init__(self) -> None:
        self.things: dict[str, object] = {}
        self.pages: dict[str, str] = {}
        self.server = WebServer(self._answer)

    def _answer(self, request: Request) -> Reply:
        reply = json_reply(200, self.things[request.path], {"etag": f'"{hash(json.dumps(self.things[request.path]))}"'})
        link = self.pages.get(request.path)
        reply = reply.with_headers(link=f'<{self.server.address}{link}>; rel="next"') if link else reply
        same = request.headers.get("if-none-match") == reply.headers["etag"]
        return Reply(304, b"", {"etag": reply.headers["etag"], "x-left": "7"}) if same else reply

    @property
    def conditions(self) -> list[bool]:
        return ["if-none-match" in one.headers for one in self.server.asked]


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    with shelf.server:
        yield shelf


@pytest.fixture
def http(shelf: Shelf) -> Iterator[Http]:
    http = Http(Provider("GitHub"), shelf.server.address, MovableClock(), memory=Memory())
    yield http
    http.close()


def test_what_is_still_so_is_not_said_again(shelf: Shelf, http: Http) -> None:
    shelf.things["/x"] = {"a": 1}
    first, second = http.get("/x"), http.get("/x")
    shelf.things["/x"] = {"a": 2}
    third = http.get("/x")

    assert [one.json() for one in (first, second, third)] == [{"a": 1}, {"a": 1}, {"a": 2}]
    assert (second.status, second.headers["x-left"]) == (200, "7")
    assert shelf.conditions == [False, True, True]


def test_each_question_has_its_own_answer(shelf: Shelf, http: Http) -> None:
    shelf.things["/x"] = {"a": 1}
    http.get("/x", {"of": "one"})
    http.get("/x", {"of": "two"})
    http.ask("POST", "/x", params={"of": "one"})
    http.ask("GET", "/x", params={"of": "one"}, anew=True)
    assert shelf.conditions == [False] * 4


def test_a_full_page_without_another_is_asked_for_again(shelf: Shelf, http: Http) -> None:
    """It would be the same when another begins behind it."""
    shelf.things["/x"] = [1, 2]
    assert list(http.pages("/x", {"per_page": 2})) == [[1, 2]]
    shelf.things["/y"], shelf.pages["/x"] = [3], "/y?per_page=2"
    assert list(http.pages("/x", {"per_page": 2})) == [[1, 2], [3]]
    assert list(http.pages("/x", {"per_page": 2})) == [[1, 2], [3]]
    assert shelf.conditions == [False, False, False, True, True]


def test_it_does_not_grow_for_ever() -> None:
    memory = Memory(largest=250)
    for name in "abc":
        memory.settle(name, None, Answer(200, {"etag": name}, b'"' + b"x" * 98 + b'"'))
    memory.settle("c", None, Answer(200, {"etag": "c2"}, b"{}"))
    assert [bool(memory.recall(name)) for name in "abc"] == [False, True, True]
    memory.settle("huge", None, Answer(200, {"etag": "h"}, b'"' + b"x" * 300 + b'"'))
    assert not any(memory.recall(name) for name in ("b", "c", "huge"))
