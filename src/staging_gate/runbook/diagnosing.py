"""Why migrations failed, asked by a person at any time. Nothing is changed by it."""

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.diagnosis import Diagnosis
from staging_gate.messages import diagnoses as words
from staging_gate.ports import Ports
from staging_gate.runbook import deciding, deploying
from staging_gate.runbook.changes import Unknown, Unusable

FAILED = (DeploymentState.FAILED, DeploymentState.ERRORED)


def diagnose(ports: Ports, deployment: str | None, service: str | None, by: Actor) -> list[Diagnosis]:
    """Of each service that has a schema, or of one; without a deployment, of the last one that failed.

    Raises Closed, Unknown, Unusable, and Unavailable, Refused where nobody can look.
    """
    deciding.through(deciding.on_taking_part(ports, deployment or "the last failure", by))
    failed = _deployment(ports, deployment)
    found = [one for one in deploying.orders(ports, failed) if service in (None, one.service.name)]
    if not found:
        raise Unknown(f"There is no service {service} in {failed.id}.")
    with_schema = [one for one in found if one.service.schema]
    if not with_schema:
        raise Unusable(words.no_schema(found[0].service.name))
    return [
        deploying.target_of(ports, one).diagnose_schema(one, ports.logs.tail(f"{failed.id}/schema-{one.service.name}"))
        for one in with_schema
    ]


def _deployment(ports: Ports, id: str | None) -> Deployment:
    with ports.store.reading() as tx:
        if id is not None:
            named = tx.deployments.get(id)
            if named is None:
                raise Unknown(f"There is no deployment {id}. `gate status` shows the recent ones.")
            return named
        last = next((one for one in tx.deployments.recent() if one.state in FAILED), None)
    if last is None:
        raise Unusable(words.nothing_failed())
    return last
