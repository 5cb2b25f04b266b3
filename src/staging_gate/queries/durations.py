"""The runbook's expected durations, and how a deployment compares."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.environment import Environment


@dataclass(frozen=True)
class Expected:
    """From the runbook. A duration within `most` is as expected; shorter is better, never wrong."""

    what: str
    least: timedelta
    most: timedelta


def _minutes(what: str, least: int, most: int) -> Expected:
    return Expected(what, timedelta(minutes=least), timedelta(minutes=most))


STAGING_DEPLOY = _minutes("staging auto-deploy", 5, 10)
MERGE_TO_VERIFIED = _minutes("merge to verified in staging", 15, 30)
PRODUCTION_WORKFLOW = _minutes("production deployment", 10, 15)
TAG_TO_VERIFIED = _minutes("tag to verified in production", 30, 45)
HOTFIX = _minutes("hotfix", 15, 30)
ROLLBACK = _minutes("rollback", 5, 10)


@dataclass(frozen=True)
class Took:
    what: str
    seconds: float
    expected: str
    within: bool


def took(deployment: Deployment, hotfix_since: datetime | None = None) -> list[Took]:
    """What this deployment took, against every expected duration that concerns it. Only where it succeeded. A hotfix
    is counted from the opening of its change on."""
    if deployment.state is not DeploymentState.SUCCEEDED or not deployment.ended_at or not deployment.started_at:
        return []
    running = deployment.ended_at - deployment.started_at
    whole = deployment.ended_at - deployment.requested_at
    if deployment.is_rollback:
        return [_compare(ROLLBACK, whole)]
    if deployment.environment is Environment.STAGING:
        deploy = [_compare(STAGING_DEPLOY, running)]
        return deploy if deployment.is_proof else [*deploy, _compare(MERGE_TO_VERIFIED, whole)]
    found = [_compare(PRODUCTION_WORKFLOW, running), _compare(TAG_TO_VERIFIED, whole)]
    return found + ([_compare(HOTFIX, deployment.ended_at - hotfix_since)] if hotfix_since else [])


def _compare(expected: Expected, seen: timedelta) -> Took:
    text = f"{expected.least.seconds // 60}-{expected.most.seconds // 60} min"
    return Took(expected.what, round(seen.total_seconds(), 3), text, seen <= expected.most)
