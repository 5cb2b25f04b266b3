"""Whatever is sent to the API: an answer says what was wrong, nothing is done, and the server is as well as before."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from staging_gate.adapters.clock import SystemClock
from staging_gate.domain.token import Token
from tests.e2e.installation import Installation
from tests.e2e.stories import Story

STRANGE = ["", " ", "a\0b", "-1", "--help", "../..", "ünï 🚀", "'; drop table change;--", "x" * 5_000]
STRANGE_JSON: list[Any] = [
    *(None, True, -1, 0, 10**30, 1.5, [], {}, [None], [[["x"]]], {"a": 1}, ["a\0b"], ["\ud800"], "\ud800"),
    *("x" * 100_000, ["x" * 10_000], ["x"] * 1_000),
]
STRANGE_NUMBERS = ["0", "-5", "9" * 25, "1e3", "0x1", "%00", "%ff"]
NO_JSON = [b"", b"null", b"[]", b"{", b'"x"', b"NaN", b'{"a": 1, "a"', b"[" * 100_000, b"\xff\xfe", b"a=b"]
NAMES = {"number": "999", "tag": "v9.9.9", "id": "nothing", "ref": "nothing/there"}


class Answer(NamedTuple):
    status: int
    kind: str
    body: bytes

    @property
    def problem(self) -> Mapping[str, Any]:
        assert self.kind == "application/problem+json", self
        return dict(json.loads(self.body))


def test_strange_values_anywhere_are_answered_with_a_problem(running: Story) -> None:
    before = running.picture()
    asked = 0

    for method, address, body in strange_requests(running.at):
        answer = ask(running.at, method, address, body)
        asked += 1
        assert answer.status < 500, (method, address, body, answer)
        assert answer.status < 400 or answer.problem["detail"], (method, address, body)

    assert asked > 1_000
    assert {**running.picture(), "record": 0} == {**before, "record": 0}
    running.record.assert_intact()


@pytest.mark.parametrize(
    ("address", "body", "said"),
    [
        ("/changes", {"source": 5, "target": "staging"}, "body.source: Input should be a valid string"),
        ("/changes", {"target": "staging"}, "body.source: Field required"),
        ("/changes", {"source": "x", "target": "y", "titel": ""}, "body.titel: Extra inputs are not permitted"),
        ("/changes", {"source": "a\0b", "target": "y"}, "a text holds a character that is none"),
        ("/changes/1/approve", {"role": "emperor"}, "is merged already"),
        ("/changes/1/labels", {"add": [" "]}, "body.add.0: String should have at least 1 character"),
        ("/changes/1/merge", {"method": "rebase"}, "body.method: Input should be 'squash' or 'merge'"),
        ("/changes/-1/merge", {}, "path.number: Input should be greater than or equal to 1"),
        ("/tokens", {"person": "ada", "roles": ["emperor"]}, "There is no role 'emperor'. Roles: "),
        ("/tokens", {"person": "ada", "days": -1}, "body.days: Input should be greater than or equal to 1"),
        ("/rollback", {"reason": "  "}, "body.reason: String should have at least 1 character"),
        ("/redeploy", {"environment": "prod"}, "body.environment: Input should be 'staging' or 'production'"),
        ("/holds", {"reason": ""}, "A reason is needed"),
        ("/nothing", {}, "There is nothing at /api/v1/nothing."),
    ],
)
def test_what_was_wrong_is_named(running: Story, address: str, body: dict[str, Any], said: str) -> None:
    before = running.picture()

    answer = ask(running.at, "POST", f"/api/v1{address}", json.dumps(body).encode())

    assert said in answer.problem["detail"]
    assert answer.status in (404, 409, 422)
    assert running.picture() == before


@pytest.mark.parametrize(
    ("method", "address", "status", "said"),
    [
        ("DELETE", "/api/v1/changes", 405, "DELETE is not possible at /api/v1/changes."),
        ("GET", "/nothing", 404, "There is nothing at /nothing."),
        ("GET", "/api/v1/releases/v1.0.0%00", 422, "The address holds a zero character."),
        ("GET", "/api/v1/audit?about=%00", 422, "The address holds a zero character."),
        ("GET", "/api/v1/changes?limit=-1", 422, "query.limit: Input should be greater than or equal to 1"),
    ],
)
def test_addresses_that_lead_nowhere(running: Story, method: str, address: str, status: int, said: str) -> None:
    answer = ask(running.at, method, address)

    assert answer.status == status
    assert answer.problem["detail"] == said


def test_a_body_of_5_mb_is_refused(running: Story) -> None:
    big = json.dumps({"source": "x" * 5_000_000, "target": "staging"}).encode()

    answer = ask(running.at, "POST", "/api/v1/changes", big)

    assert answer.status == 413
    assert answer.problem["detail"] == ("The body is too large. It must be JSON, and has at most 4,194,304 bytes.")


def test_so_is_one_that_does_not_say_its_length(running: Story) -> None:
    big = json.dumps({"source": "x" * 5_000_000, "target": "staging"}).encode()
    parts = (big[start : start + 65_536] for start in range(0, len(big), 65_536))

    answer = ask(running.at, "POST", "/api/v1/changes", parts)

    assert answer.status == 400
    assert answer.problem["detail"] == ("The body can not be read. It must be JSON, and has at most 4,194,304 bytes.")


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer sgt_wrong", "Basic YWRhOmFkYQ==", "Bearer \xfc\xff"])
def test_without_a_valid_token_nothing_is_told(running: Story, authorization: str) -> None:
    answer = ask(running.at, "GET", "/api/v1/board", authorization=authorization)

    assert answer.status == 401
    assert answer.problem["detail"] == "A valid API token is needed: `gate login`, or the variable GATE_TOKEN."


def test_an_expired_token_is_none(running: Story) -> None:
    now = SystemClock().now()
    expired = Token(
        id="expired",
        person="ada",
        sha256=hashlib.sha256(b"sgt_expired").hexdigest(),
        created_at=now - timedelta(days=2),
        created_by="admin",
        expires_at=now - timedelta(days=1),
    )
    with running.record.store.transaction() as tx:
        tx.tokens.add(expired)

    answer = ask(running.at, "GET", "/api/v1/whoami", authorization="Bearer sgt_expired")

    assert answer.status == 401


def strange_requests(at: Installation) -> Iterator[tuple[str, str, bytes | None]]:
    """Every address with strange names, numbers, parameters, bodies, and fields in bodies."""
    spec = json.loads(ask(at, "GET", "/api/v1/openapi.json").body)
    for address, verbs in spec["paths"].items():
        if address.endswith("/events"):
            continue  # has no end
        known = address
        for name, value in NAMES.items():
            known = known.replace("{" + name + "}", value).replace("{" + name + ":path}", value)
        for verb, told in verbs.items():
            method = verb.upper()
            yield from ((method, where, b"{}") for where in strange_addresses(address, known, told))
            yield from ((method, known, body) for body in strange_bodies(told, spec["components"]["schemas"]))


def strange_addresses(address: str, known: str, told: Mapping[str, Any]) -> Iterator[str]:
    for parameter in told.get("parameters", []):
        for value in [*map(quote_all, STRANGE), *STRANGE_NUMBERS]:
            if parameter["in"] == "path":
                yield address.replace("{" + parameter["name"] + "}", value)
            elif not address.endswith("/follow"):
                yield f"{known}?{parameter['name']}={value}"


def strange_bodies(told: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[bytes]:
    schema = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return
    named = next(one for one in (schema, *schema.get("anyOf", [])) if "$ref" in one)  # a body may be left out
    fields = schemas[named["$ref"].rpartition("/")[2]]
    yield from NO_JSON
    usual = dict.fromkeys(fields.get("required", []), "nothing") | {"unknown": "nothing"}
    for name in fields["properties"]:
        for value in [*STRANGE, *STRANGE_JSON]:
            yield json.dumps({**usual, name: value}).encode()


def ask(at: Installation, method: str, address: str, body: Any = None, authorization: str | None = None) -> Answer:
    """As raw as can be: our own client would not send most of it."""
    said = f"Bearer {at.tokens['admin']}" if authorization is None else authorization
    connection = HTTPConnection("127.0.0.1", at.ports["server"], timeout=20)
    try:
        headers = {"Authorization": said, "Content-Type": "application/json"}
        connection.request(method, address, body, headers, encode_chunked=not isinstance(body, bytes | None))
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers.get_content_type(), answer.read())
    finally:
        connection.close()


def quote_all(text: str) -> str:
    return quote(text, safe="")
