"""Every recorded answer of Render, where the recordings are at hand: what is read of it, or why it is not."""

import json
import re
from typing import Any

import pytest

from staging_gate.adapters.render import api, shapes
from staging_gate.ports.errors import OutsideError
from staging_gate.testing.web import Request
from staging_gate.wire.answers import Answer
from tests.adapters.render.connecting import examinations
from tests.adapters.specification import NOT_READ, PARSED, Examination, ends_of, recordings, tell

SERVICE = r"/services/[^/]+"

READ = (
    ("POST|GET", rf"{SERVICE}/(deploys|rollback)(/[^/]+(/cancel)?)?", "deploy"),
    ("GET|PATCH", SERVICE, "service"),
    ("POST|GET", "/services", "service"),
    ("GET|PUT", rf"{SERVICE}/env-vars", "envVar"),
    ("GET", "/owners", "owner"),
    ("GET", "/logs", "logs"),
)


def read(call: dict[str, Any]) -> str:
    """`parsed`, or why not."""
    if call["status"] >= 400:
        body = json.dumps(call["body"]).encode() if call["body"] is not None else b""
        said = api._said(Answer(call["status"], {}, body))
        return PARSED if said and "\n" not in said else "an error without words"
    path = call["path"].partition("?")[0].rstrip("/")
    method = call["method"]
    kind = next((kind for how, where, kind in READ if re.fullmatch(how, method) and re.fullmatch(where, path)), None)
    if kind is None:
        return NOT_READ
    try:
        _understood(kind, call["body"])
    except OutsideError as error:
        return error.message
    return PARSED


def _understood(kind: str, body: Any) -> None:
    """As the adapter does. Raises OutsideError."""
    if body is None:
        return  # 202: queued, and found in the list later
    if kind == "logs":
        shapes.messages(shapes.mapping(body, kind))
        return
    found = [one for one, _ in shapes.items(body, kind)] if isinstance(body, list) else [body]
    for one in found:
        if kind == "deploy":
            assert shapes.deploy(one).id == one["id"]
        elif kind == "service":
            assert shapes.service(one).id == one.get("service", one)["id"]
        elif kind == "envVar":
            assert shapes.variable(one) == (one["key"], one["value"])


@pytest.mark.parametrize("calls", recordings("render"), ids=["recorded"] * len(recordings("render")))
def test_every_recorded_answer_that_is_read_can_be(calls: list[dict[str, Any]], pytestconfig: pytest.Config) -> None:
    tally = tell(pytestconfig, "Render", ends_of(calls, read))

    assert tally.refused == {}
    assert tally.ends[PARSED] > 0


SIGNED = {"content-type": "application/json", "authorization": "Bearer rnd_of_no_value"}
ODD: tuple[Any, ...] = (None, [], {}, "something new", 7, True)


@pytest.mark.parametrize("calls", recordings("render"), ids=["recorded"] * len(recordings("render")))
def test_whatever_is_missing_or_odd_is_read_or_refused(calls: list[dict[str, Any]]) -> None:
    """Each field at the top taken away, null or of another kind."""
    for call in calls:
        if isinstance(call["body"], dict) and call["status"] < 400:
            for name in call["body"]:
                others = [{key: value for key, value in call["body"].items() if key != name}]
                for other in others + [{**call["body"], name: odd} for odd in ODD]:
                    for parse in (shapes.service, shapes.deploy, shapes.about, shapes.messages):
                        _parsed_or_refused(parse, other)


def _parsed_or_refused(parse: Any, body: dict[str, Any]) -> None:
    try:
        parse(body)
    except OutsideError as error:
        assert error.message.startswith("Render answered with")


@pytest.mark.parametrize("examined", examinations(), ids=lambda _: "described")
class TestTheExamination:
    """Finds what it is there to find."""

    def faults(self, examined: Examination, method: str, path: str, body: object) -> list[str]:
        known = len(examined.faults)
        sent = json.dumps(body).encode() if body is not None else b""
        examined.look(Request(method, f"/v1{path}", {}, SIGNED, sent))
        return examined.faults[known:]

    def test_a_good_request(self, examined: Examination) -> None:
        assert self.faults(examined, "POST", "/services/srv-1/deploys", {"commitId": "1" * 40}) == []
        assert self.faults(examined, "GET", "/services/srv-1", None) == []

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/services/srv-1/rollback", {"deploy": "dep-1"}),
            ("POST", "/services/srv-1/deploys", {"clearCache": "perhaps"}),
            ("PATCH", "/services/srv-1", {"autoDeploy": "never"}),
            ("POST", "/services/srv-1/nothing", {}),
        ],
    )
    def test_a_bad_request(self, examined: Examination, method: str, path: str, body: object) -> None:
        assert len(self.faults(examined, method, path, body)) == 1
