"""Deploy again what an environment ought to run: after a repair, a new secret, or the first import."""

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.revision import Revision
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.policy import needed_policy
from staging_gate.runbook.queue import request


def redeploy(ports: Ports, environment: Environment, by: Actor) -> Deployment:
    """Staging: the head of its branch. Production: the published release that did not get there for no fault of its
    own, else the one that is live. Raises Closed, Unusable."""
    asked = wanted(ports, environment, by)
    deciding.through(deciding.on_deploying(ports, asked, by))
    with ports.store.transaction() as tx:
        return request(tx, asked, by)


def wanted(ports: Ports, environment: Environment, by: Actor) -> Deployment:
    """What it would be. Raises Unusable."""
    revision, release = _staging(ports) if environment is Environment.STAGING else _production(ports)
    return Deployment(
        id="",
        environment=environment,
        kind=DeploymentKind.DEPLOY,
        revision=revision,
        state=DeploymentState.QUEUED,
        why=f"{by.name} asked for it again",
        requested_by=by.name,
        requested_at=ports.clock.now(),
        release=release,
    )


def _staging(ports: Ports) -> tuple[Revision, None]:
    branch = needed_policy(ports).staging.branch
    revision = ports.code_host.revision(branch)
    if revision is None:
        raise Unusable(f"There is nothing to deploy to staging: the branch {branch} is not there.")
    return revision, None


def _production(ports: Ports) -> tuple[Revision, str | None]:
    with ports.store.reading() as tx:
        live, waiting = tx.deployments.live(Environment.PRODUCTION), _kept_out(tx)
    if waiting is not None and waiting.revision is not None:
        return waiting.revision, waiting.tag
    if live is None:
        raise Unusable("There is nothing to deploy to production again: nothing is live and no release is published.")
    return live.revision, live.release


def _kept_out(tx: Transaction) -> Release | None:
    """The newest release that has its tag, newer than what was ever proved, and in no quarantine (any more).

    Raises Unusable while it is on its way.
    """
    bad = {name for quarantine in tx.releases.quarantines() for name in (quarantine.tag, quarantine.tree)}
    tagged = (ReleaseState.PUBLISHED, ReleaseState.FAILED, ReleaseState.VERIFIED)
    good = (r for r in tx.releases.all() if r.tag not in bad and (r.revision is None or r.revision.tree not in bad))
    newest = next((r for r in good if r.state in tagged), None)
    if newest is None or newest.state is ReleaseState.VERIFIED:
        return None
    for deployment in tx.deployments.of_release(newest.tag):
        if not deployment.state.ended:
            raise Unusable(f"{newest.tag} is on its way already: {deployment.id} is {deployment.state}.")
    return newest
