"""Migrations that failed in a deployment: the diagnosis comes with the failure, by itself."""

import logging

from staging_gate.messages import diagnoses as words
from staging_gate.messages.deployments import sentences
from staging_gate.ports.deploy_target import DeployTarget, Order
from staging_gate.ports.errors import OutsideError, Refused, Stopped, Unavailable

log = logging.getLogger(__name__)


def explained(target: DeployTarget, order: Order, error: OutsideError) -> OutsideError:
    """The same failure with its causes in the sentence, and what to do in the evidence. Where the place is at fault and
    not the release, it is Unavailable: the release is not marked bad for it."""
    if isinstance(error, Stopped):
        return error
    try:
        found = target.diagnose_schema(order, error.evidence)
    except OutsideError as why_not:
        log.warning("no diagnosis of the migrations of %s: %s", order.deployment, why_not)
        return error
    if not found.suspects:
        return error
    evidence = "\n".join([error.evidence, "", *words.lines(found, every=False)])
    kind = Unavailable if found.is_of_the_place and isinstance(error, Refused) else type(error)
    return kind(sentences(*filter(None, (error.message, words.sentence(found)))), evidence)
