"""Deploy again what an environment ought to run: after a repair, a new secret, or the first import."""

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.ports import Ports
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.policy import needed_policy
from staging_gate.runbook.queue import request


def redeploy(ports: Ports, environment: Environment, by: Actor) -> Deployment:
    """Staging: the head of its branch. Production: the release that is live, by its tag. Raises Unusable."""
    policy = needed_policy(ports)
    with ports.store.reading() as tx:
        live = tx.deployments.live(environment)
    if environment is Environment.STAGING:
        revision, release = ports.code_host.revision(policy.staging.branch), None
    else:
        revision, release = (live.revision, live.release) if live else (None, None)
    if revision is None:
        what = (
            f"the branch {policy.staging.branch} is not there"
            if environment is Environment.STAGING
            else "nothing is live"
        )
        raise Unusable(f"There is nothing to deploy to {environment} again: {what}.")
    with ports.store.transaction() as tx:
        wanted = Deployment(
            id="",
            environment=environment,
            kind=DeploymentKind.DEPLOY,
            revision=revision,
            state=DeploymentState.QUEUED,
            why=f"{by.name} asked for it again",
            requested_by=by.name,
            requested_at=tx.at,
            release=release,
        )
        return request(tx, wanted, by)
