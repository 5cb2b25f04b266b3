"""What counts as a right answer. How long it is waited for is proved with real services, in test_target.py."""

import json

import pytest

from staging_gate.adapters.local.readiness import Answer, Question, judge
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Health

COMMIT = "a" * 40
RIGHT = {"status": "healthy", "environment": "staging", "revision": COMMIT}
QUESTION = Question(8000, Health(), Environment.STAGING, COMMIT)


def answer(status: int = 200, **changes: object) -> Answer:
    return Answer(
        status, json.dumps({name: value for name, value in {**RIGHT, **changes}.items() if value is not None})
    )


def test_the_right_answer() -> None:
    judgement = judge(answer(), QUESTION)

    assert (judgement.wrong, judgement.inferred) == ("", False)


def test_without_a_revision_it_is_inferred() -> None:
    assert judge(answer(revision=None), QUESTION).inferred


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (answer(503), "it answered 503 instead of 200"),
        (answer(204), "it answered 204 instead of 200"),
        (answer(status=200, environment="production"), "its `environment` is 'production' instead of 'staging'"),
        (answer(status=200, environment=None), "its `environment` is None instead of 'staging'"),
        (Answer(200, "<html>"), "its `status` is None instead of 'healthy'"),
        (Answer(200, "[]"), "its `status` is None instead of 'healthy'"),
        (Answer(problem="nobody listens on its port yet"), "nobody listens on its port yet"),
    ],
)
def test_answers_that_may_become_right(given: Answer, wrong: str) -> None:
    judgement = judge(given, QUESTION)

    assert (judgement.wrong, judgement.for_good) == (wrong, False)


@pytest.mark.parametrize("revision", ["b" * 40, COMMIT[:10], "", 7])
def test_another_revision_is_wrong_for_good_whatever_else_it_says(revision: object) -> None:
    judgement = judge(answer(500, revision=revision), QUESTION)

    assert judgement.for_good
    assert judgement.wrong == f"its revision is {revision!r}, and {COMMIT} was deployed"


def test_expectations_are_written_as_in_yaml() -> None:
    health = Health(expect={"ready": "true", "workers": "3", "region": "eu-$ENVIRONMENT"})
    question = Question(8000, health, Environment.STAGING, COMMIT)

    assert not judge(Answer(200, '{"ready": true, "workers": 3, "region": "eu-staging"}'), question).wrong
    assert judge(Answer(200, '{"ready": false, "workers": 3, "region": "eu-staging"}'), question).wrong


def test_without_expectations_any_200_is_right() -> None:
    question = Question(8000, Health(expect={}), Environment.STAGING, COMMIT)

    assert judge(Answer(200, "OK"), question).inferred


def test_long_answers_are_shortened_for_people() -> None:
    assert str(Answer(500, "a\n b" + "x" * 1000)) == "500 a b" + "x" * 497 + "…"
