"""Procedure 1, its second half: a merge is brought to staging by itself, and proved there."""

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.deployment import DeploymentState, Verification
from staging_gate.engine import Run, procedure
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused
from staging_gate.runbook import bypassing, deciding, deploying, taking_back
from staging_gate.runbook.placing import go_live, place, tried
from staging_gate.runbook.policy import needed_policy
from staging_gate.runbook.queue import DEPLOY_STAGING, finish, needed, wait_on


@procedure(DEPLOY_STAGING, errored=taking_back.mark_errored)
def deploy_staging(run: Run, deployment_id: str) -> None:
    """Bring a merge to staging and prove it there, or leave staging as it was."""
    planned = run.step("check the gate and plan", admit_and_plan, deployment_id)
    if planned is None:
        return

    if failure := place(run, deployment_id, planned):
        return taking_back.leave_as_it_was(run, deployment_id, failure)
    if failure := go_live(run, deployment_id):
        return taking_back.take_back(run, deployment_id, failure)

    tried(run, "let older processes go", deploying.retire, deployment_id)
    run.step("record it as verified in staging", verify, deployment_id)


def admit_and_plan(ports: Ports, id: str) -> deploying.Plan | None:
    """None where the deployment has ended: its gate is closed, or its gate.yaml says nothing that can be planned."""
    if admit(ports, id) == "closed":
        return None
    try:
        return deploying.plan(ports, id)
    except Refused as refused:
        with ports.store.transaction() as tx:
            finish(tx, id, DeploymentState.FAILED, refused.message, refused.evidence)
        return None


def admit(ports: Ports, id: str) -> str:
    """Decide anew at the moment of acting; a closed gate ends the deployment with its reasons, or has it wait for a
    time that is known."""
    asked = deploying.deployment(ports, id)
    if asked.state.ended or asked.state is DeploymentState.QUEUED:
        return "closed"  # we were killed after this commit; what has opened the gate since then comes too late
    decision = deciding.on_deploying(ports, asked, SYSTEM)
    if decision.open:
        return "open" if bypassing.used_up(ports, decision, Actor(asked.requested_by)) else admit(ports, id)
    said = " ".join(f"{reason.sentence} {reason.opens_when}" for reason in decision.reasons)
    with ports.store.transaction() as tx:
        if decision.until is None:
            finish(tx, id, DeploymentState.ABORTED, said)
        else:
            wait_on(tx, id, said)
    return "closed"


def verify(ports: Ports, id: str) -> None:
    """The deployment succeeded: its tree is proved in its environment, which is what production will ask for."""
    smoke = needed_policy(ports).lane(deploying.deployment(ports, id).environment).smoke
    with ports.store.transaction() as tx:
        proved = needed(tx, id)
        if proved.state.ended:
            return  # we were killed after this commit
        tx.deployments.add_verification(Verification(proved.environment, proved.revision.tree, id, tx.at, smoke))
        tx.audit(SYSTEM, f"verified in {proved.environment}", id, tree=proved.revision.tree)
        finish(tx, id, DeploymentState.SUCCEEDED)
