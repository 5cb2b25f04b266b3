"""Domain objects as plain JSON values."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import DeploymentState
from staging_gate.queries.plain import plain
from tests.domain.nouns import LIVE, RELEASABLE

AT = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


def test_a_deployment() -> None:
    shown = plain(LIVE)

    assert shown["state"] == "succeeded"
    assert type(shown["state"]) is str
    assert shown["revision"] == {"commit": "c" * 40, "tree": "d" * 40}
    assert shown["requested_at"] == "2026-03-05T10:00:00+00:00"
    assert shown["started_at"] is None


def test_moments_lengths_and_sets() -> None:
    assert plain({"at": AT, "within": timedelta(minutes=1.5), DeploymentState.QUEUED: (1, 2)}) == {
        "at": "2026-03-05T10:00:00+00:00",
        "within": 90.0,
        "queued": [1, 2],
    }
    assert plain(Actor("tess", roles=frozenset({"tech_lead"})))["roles"] == ["tech_lead"]


def test_everything_that_a_decision_looks_at_is_json() -> None:
    shown = plain(RELEASABLE)

    assert json.loads(json.dumps(shown)) == shown


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.datetimes(timezones=st.just(UTC)) | st.timedeltas(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(values)
def test_what_is_plain_is_json(value: object) -> None:
    shown = plain(value)

    assert json.loads(json.dumps(shown)) == shown
    assert plain(shown) == shown
