"""How long things took, against the five expected durations of the runbook."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from staging_gate.domain.deployment import Deployment, DeploymentKind
from staging_gate.domain.environment import Environment
from staging_gate.queries.durations import took
from tests.domain.nouns import AT, LIVE

STAGING = replace(LIVE, environment=Environment.STAGING, release=None)


def lasted(deployment: Deployment, queued: float, ran: float) -> Deployment:
    """Minutes in the queue, minutes of running."""
    started = AT + timedelta(minutes=queued)
    return replace(deployment, requested_at=AT, started_at=started, ended_at=started + timedelta(minutes=ran))


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (STAGING, ["staging auto-deploy 5-10 min", "merge to verified in staging 15-30 min"]),
        (replace(STAGING, kind=DeploymentKind.PROOF), ["staging auto-deploy 5-10 min"]),
        (LIVE, ["production deployment 10-15 min", "tag to verified in production 30-45 min"]),
        (replace(LIVE, kind=DeploymentKind.ROLLBACK), ["rollback 5-10 min"]),
    ],
)
def test_the_runbooks_durations(deployment: Deployment, expected: list[str]) -> None:
    assert [f"{one.what} {one.expected}" for one in took(lasted(deployment, 0, 1))] == expected


def test_a_hotfix_is_counted_from_the_opening_of_its_change_on() -> None:
    *_, hotfix = took(lasted(LIVE, 1, 9), AT - timedelta(minutes=21))

    assert (hotfix.what, hotfix.expected, hotfix.seconds, hotfix.within) == ("hotfix", "15-30 min", 1860.0, False)


def test_waiting_counts_for_the_whole_and_not_for_the_deployment() -> None:
    deploy, whole = took(lasted(STAGING, queued=25, ran=9))

    assert (deploy.seconds, deploy.within) == (540.0, True)
    assert (whole.seconds, whole.within) == (2040.0, False)


@pytest.mark.parametrize(("minutes", "within"), [(0.1, True), (10, True), (10.1, False)])
def test_shorter_than_expected_is_never_wrong(minutes: float, within: bool) -> None:
    [rollback] = took(lasted(replace(LIVE, kind=DeploymentKind.ROLLBACK), 0, minutes))

    assert rollback.within is within


@pytest.mark.parametrize(("started", "ended"), [(None, None), (AT, None), (None, AT)])
def test_what_has_not_run_to_its_end_took_nothing(started: datetime | None, ended: datetime | None) -> None:
    assert took(replace(LIVE, started_at=started, ended_at=ended)) == []
