"""Whatever Vercel answers is read, or refused in words: by examples of its description, and odder ones."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_gate.adapters.vercel import shapes
from staging_gate.adapters.vercel.api import _served
from staging_gate.ports.errors import Unclear
from tests.adapters.specification import PARSED, ends_of, tell
from tests.adapters.vercel.specification import DESCRIPTION, examples

READERS: dict[str, Callable[[Any], object]] = {
    "/v9/projects/{idOrName}": shapes.project,
    "/v13/deployments/{idOrUrl}": shapes.deployment,
    "/v6/deployments": lambda body: [shapes.deployment(one) for one in shapes.maps(body.get("deployments"))],
    "/v4/aliases/{idOrAlias}": lambda body: _served(body[0] if isinstance(body, list) and body else body),
    "/v10/projects/{idOrName}/env": lambda body: [shapes.variable(one) for one in shapes.maps([body])],
    "/v3/deployments/{idOrUrl}/events": lambda body: list(shapes.lines(json.dumps(body))),
}


@pytest.mark.parametrize("described", [True] if DESCRIPTION.exists() else [])
def test_every_example_of_the_description_is_read(described: bool, pytestconfig: pytest.Config) -> None:
    """None was recorded: these are made, with fields taken away, null and of other kinds."""
    for path in READERS:
        tally = tell(pytestconfig, "Vercel, made up", ends_of(list(examples(path)), partial(read, path)))
        assert sum(tally.refused.values()) < tally.ends[PARSED]


def read(path: str, body: Any) -> str:
    try:
        READERS[path](body)
    except Unclear as error:
        return error.message
    return PARSED


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    *("id", "uid", "name", "link", "lastAliasRequest", "customEnvironments", "targets", "rollingRelease", "paused"),
    *("meta", "gitSource", "creator", "url", "customEnvironment", "readyState", "errorMessage", "deployment"),
    *("key", "target", "type", "value", "customEnvironmentIds", "deploymentId"),
]


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_no_body_is_too_odd(body: dict[str, Any]) -> None:
    for read in (shapes.project, shapes.deployment):
        try:
            read(body)
        except Unclear as unclear:
            assert "has no id" in unclear.message
    shapes.variable(body)
    _served(body)
    list(shapes.lines(json.dumps(body)))


def test_what_is_missing_is_not_guessed() -> None:
    project = shapes.project({"id": "prj_1"})
    assert (project.assigns_itself, project.last_switching, project.domains) == (None, None, ())
    made = shapes.deployment({"uid": "dpl_1"})
    assert (made.state, made.commit, made.address, made.key) == ("", None, None, None)
    with pytest.raises(Unclear, match="Vercel answered with a deployment that has no id, so it can not be followed"):
        shapes.deployment({"id": None})


def test_build_logs_come_as_an_array_or_a_line_each() -> None:
    events = [{"payload": {"text": "one"}}, {"text": "two\n"}, {"type": "delimiter"}, None]
    assert list(shapes.lines(json.dumps(events))) == ["one", "two"]
    assert list(shapes.lines("\n".join(map(json.dumps, events)) + "\nhalf a li")) == ["one", "two"]
    assert list(shapes.lines("")) == []


@pytest.mark.parametrize(
    ("payload", "about"),
    [
        ({"deployment": {"id": "dpl_1"}}, ["dpl_1"]),
        ({"project": {"id": "prj_1"}, "fromDeploymentId": "dpl_2", "toDeploymentId": "dpl_1"}, ["dpl_2", "dpl_1"]),
        ({"deployment": {"id": 7}, "toDeploymentId": None}, []),
        ([], []),
        (None, []),
    ],
)
def test_what_a_webhook_is_about(payload: object, about: list[str]) -> None:
    assert list(shapes.about({"type": "deployment.rollback", "payload": payload})) == about
