"""GitHub's own ways to say no, and not now."""

import json
from datetime import UTC, datetime

import pytest

from staging_gate.adapters.github.provider import advice, limit, said
from staging_gate.adapters.github.shapes import PullRequest, understood
from staging_gate.ports.errors import Unavailable
from staging_gate.wire.answers import Answer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
IN_TEN_MINUTES = str(int(NOW.timestamp()) + 600)


def answer(status: int, message: str = "", **headers: str) -> Answer:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, told, json.dumps({"message": message}).encode())


@pytest.mark.parametrize(
    ("heard", "seconds"),
    [
        (answer(200, x_ratelimit_remaining="0", x_ratelimit_reset=IN_TEN_MINUTES), None),
        (answer(403, "Resource not accessible by integration", x_ratelimit_remaining="4000"), None),
        (answer(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=IN_TEN_MINUTES), 600),
        (answer(429, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=IN_TEN_MINUTES), 600),
        (answer(403, "You have exceeded a secondary rate limit", retry_after="90"), 90),
        (answer(403, "You have exceeded a secondary rate limit.", x_ratelimit_remaining="4000"), 60),
        (answer(429, "Slow down"), 60),
        (answer(404, "API rate limit exceeded"), None),
    ],
)
def test_how_long_to_wait(heard: Answer, seconds: float | None) -> None:
    assert limit(heard, NOW) == seconds


def test_a_limit_that_is_just_over_is_waited_for_a_second() -> None:
    past = str(int(NOW.timestamp()) - 5)

    assert limit(answer(403, x_ratelimit_remaining="0", x_ratelimit_reset=past), NOW) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Validation Failed", "errors": [{"resource": "Release", "code": "missing", "field": "tag_name"}]},
         "Validation Failed (Release tag_name missing)"),
        ({"message": "Validation Failed", "errors": ["a", {"message": "b"}]}, "Validation Failed (a; b)"),
        ({"message": "Invalid request.\n\nNo subschema matched."}, "Invalid request. No subschema matched."),
        ({"message": "No", "errors": "in one word"}, "No (in one word)"),
        ({"error": "x"}, '{"error": "x"}'),
        (["x"], '["x"]'),
    ],
)  # fmt: skip
def test_the_words_of_an_error(body: object, words: str) -> None:
    assert said(Answer(422, {}, json.dumps(body).encode())) == words


def test_the_words_of_no_json() -> None:
    assert said(Answer(502, {}, b"<html>\n Bad gateway</html>")) == "<html> Bad gateway</html>"


def test_what_to_do_about_a_no() -> None:
    assert "this needs one of: contents=write. Grant it" in advice(
        answer(403, x_accepted_github_permissions="contents=write")
    )
    assert "lacks a right. Grant it" in advice(answer(403))
    assert "check the name, and the token's access" in advice(answer(404))
    assert advice(answer(422)) == ""


def test_a_body_without_what_names_the_thing_is_not_guessed() -> None:
    with pytest.raises(Unavailable, match="in a form that is not understood: number: Field required; state"):
        understood(PullRequest, Answer(200, {}, b'{"head": null}'))
