"""From a revision to a proven candidate, and from there to live: the two halves of every deployment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from staging_gate.domain.deployment import DeploymentState
from staging_gate.engine import Run, StepErrored
from staging_gate.messages import deployments as words
from staging_gate.ports.errors import Denied, OutsideError, Refused, Stopped
from staging_gate.runbook import backing_up, deploying, downgrading

EVIDENCE_LIMIT = 16_000
"""Characters of evidence that are kept with a deployment; the logs have the rest."""


BROKEN = (OutsideError, StepErrored)
"""An outside let us down, or our own machine broke in a step: either way production goes back to where it was."""


@dataclass(frozen=True)
class Failure:
    """Why a deployment does not go on. `state` is what becomes of it when its traffic never moved; `migrated`: all its
    migrations had run before."""

    why: str
    evidence: str
    state: DeploymentState
    migrated: bool = False

    @property
    def cancelled(self) -> bool:
        """Somebody stopped it; nothing has moved."""
        return self.state is DeploymentState.ABORTED

    @classmethod
    def of(cls, error: OutsideError | StepErrored, migrated: bool = False) -> "Failure":
        if isinstance(error, StepErrored):
            return cls(str(error), "", DeploymentState.ERRORED, migrated)
        state = DeploymentState.ERRORED
        if isinstance(error, Refused) and not isinstance(error, Denied):
            state = DeploymentState.FAILED
        if isinstance(error, Stopped):
            state = DeploymentState.ABORTED
        return cls(error.message, error.evidence[-EVIDENCE_LIMIT:], state, migrated)


def place(run: Run, id: str, planned: deploying.Plan) -> Failure | None:
    """Build, migrate, start and prove a candidate of every service. The traffic is untouched, whatever happens."""
    migrated = False
    try:
        for service in planned["services"]:
            run.step(f"build {service}", deploying.build, id, service)
        for service in planned["with_schema"]:
            if service in planned["with_backup"]:
                run.step(f"back up the database of {service}", backing_up.back_up, id, service)
            run.step(f"upgrade the schema of {service}", deploying.upgrade_schema, id, service)
        migrated = bool(planned["with_schema"])
        run.step(f"start {words.services(planned['services'])} beside what is live", deploying.start, id)
        run.step("wait until healthy", deploying.wait_until_ready, id)
        if planned["with_smoke"]:
            run.step("smoke test on their own addresses", deploying.smoke_test_candidates, id)
    except BROKEN as error:
        return Failure.of(error, migrated)
    return None


def bring_up_again(run: Run, id: str) -> Failure | None:
    """For a rollback: the warm processes of the release, or its kept build started anew, on a database that suits it.

    The builds come first: one that is missing is not missed half way.
    """
    try:
        planned = _plan_rollback(run, id)
        if deploying.deployment(run.ports, id).downgrades:
            run.step("stop promotions", downgrading.stop_promotions, id)
            bring_databases_back(run, id, planned["with_schema"])
        run.step("start what is not warm", deploying.start, id)
        run.step("wait until healthy", deploying.wait_until_ready, id)
    except BROKEN as error:
        return Failure.of(error)
    return None


def bring_back_before_provider(run: Run, id: str) -> Failure | None:
    """For a rollback through the provider, where the database has to go back too: that comes before the traffic."""
    try:
        planned = _plan_rollback(run, id)
        run.step("stop promotions", downgrading.stop_promotions, id)
        bring_databases_back(run, id, planned["with_schema"])
    except BROKEN as error:
        return Failure.of(error)
    return None


def bring_databases_back(run: Run, id: str, with_schema: Sequence[str], to: str | None = None) -> None:
    """To the migrations of this rollback, else of the deployment `to`; the last migrated is the first to go back.
    Raises what its steps raise."""
    for service in reversed(with_schema):
        run.step(f"bring the schema of {service} back", downgrading.bring_schema_back, id, service, to)
    run.step("record that the database is back", downgrading.record, to or id)


def go_live(run: Run, id: str) -> Failure | None:
    """Switch all services, then prove them through the public addresses. A failure means that something goes back."""
    try:
        run.step("switch the traffic", deploying.switch, id)
        run.step("smoke test through the public address", deploying.smoke_test, id)
    except BROKEN as error:
        return Failure.of(error, migrated=True)
    return None


def prove_what_is_back(run: Run, id: str) -> Failure | None:
    """After a deployment was taken back: what was put back passes its smoke tests through the public addresses."""
    try:
        run.step("smoke test what is back", deploying.smoke_test_back, id)
    except BROKEN as error:
        return Failure.of(error)
    return None


def go_back_through_provider(run: Run, id: str) -> Failure | None:
    """For a rollback: the targets' own way back, without a candidate that is proved first."""
    try:
        run.step("have the provider put it back", deploying.have_it_put_back, id)
        run.step("smoke test through the public address", deploying.smoke_test, id)
    except BROKEN as error:
        return Failure.of(error)
    return None


def tried(run: Run, name: str, step: Callable[..., Any], *args: object) -> str | None:
    """Do a step that others do not depend on; what went wrong, or None."""
    try:
        run.step(name, step, *args)
    except BROKEN as error:
        return str(error)
    return None


def _plan_rollback(run: Run, id: str) -> deploying.Plan:
    planned: deploying.Plan = run.step("plan the rollback", deploying.plan, id)
    for service in planned["services"]:
        run.step(f"find the kept build of {service}", deploying.build, id, service)
    return planned
