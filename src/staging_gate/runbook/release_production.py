"""Procedure 2, from the tag on: ship an approved release, prove it, or put the previous one back."""

from dataclasses import replace

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import DeploymentState, Verification
from staging_gate.domain.notification import Event
from staging_gate.domain.release import ReleaseState
from staging_gate.engine import Run, procedure
from staging_gate.messages import notifications as notices
from staging_gate.ports import Ports
from staging_gate.runbook import deploying, taking_back, telling
from staging_gate.runbook.deploy_staging import admit_and_plan
from staging_gate.runbook.placing import go_live, place, tried
from staging_gate.runbook.policy import needed_policy
from staging_gate.runbook.queue import RELEASE_PRODUCTION, finish, needed


@procedure(RELEASE_PRODUCTION, errored=taking_back.mark_errored)
def release_production(run: Run, deployment_id: str) -> None:
    """Ship a published release to production, prove it, or put the previous release back."""
    planned = run.step("check the production gate and plan", admit_and_plan, deployment_id)
    if planned is None:
        return

    if failure := place(run, deployment_id, planned):
        return taking_back.leave_as_it_was(run, deployment_id, failure)
    if failure := go_live(run, deployment_id):
        return taking_back.take_back(run, deployment_id, failure)

    tried(run, "let older processes go", deploying.retire, deployment_id)
    run.step("record it as verified in production", verify_release, deployment_id)


def verify_release(ports: Ports, id: str) -> None:
    smoke = needed_policy(ports).production.smoke
    with ports.store.transaction() as tx:
        proved = needed(tx, id)
        if proved.state.ended:
            return  # we were killed after this commit
        release = tx.releases.get(proved.release) if proved.release else None
        if release is not None:
            verified = replace(release, state=ReleaseState.VERIFIED, verified_at=tx.at, ended_at=tx.at)
            tx.releases.update(verified, release)
            telling.tell(tx, Event.RELEASE_VERIFIED, release.tag, notices.release_verified(verified))
        tx.deployments.add_verification(Verification(proved.environment, proved.revision.tree, id, tx.at, smoke))
        tx.audit(SYSTEM, "verified in production", id, tree=proved.revision.tree, release=proved.release)
        finish(tx, id, DeploymentState.SUCCEEDED)
