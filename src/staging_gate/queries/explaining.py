"""`gate explain`: the same decision that acting would get, for anything that can be named."""

import re

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate import Decision
from staging_gate.ports import Ports
from staging_gate.runbook import changes, deciding, releasing
from staging_gate.runbook.changes import Unknown


def explain(ports: Ports, subject: str, actor: Actor) -> Decision:
    """`subject` is a change (`12`), a release (`v1.4.0`), a deployment (`production-3`), or
    `rollback`, `rollback v1.3.0` and `rollback 2` (releases back).

    Raises Unknown.
    """
    words = subject.split()
    if words and words[0] == "rollback":
        wanted = words[1] if len(words) > 1 else None
        if wanted is not None and re.fullmatch(r"[1-9]\d{0,2}", wanted):
            return deciding.on_rolling_back(ports, None, actor, int(wanted))[0]
        return deciding.on_rolling_back(ports, wanted, actor)[0]
    if re.fullmatch(r"#?\d{1,9}", subject):
        return deciding.on_merging(ports, changes.get(ports, int(subject.lstrip("#"))), None, actor)
    if re.fullmatch(r"(staging|production)-\d{1,9}", subject):
        return _deployment(ports, subject, actor)
    return deciding.on_publishing(ports, releasing.get(ports, subject), actor)


def _deployment(ports: Ports, id: str, actor: Actor) -> Decision:
    with ports.store.reading() as tx:
        found = tx.deployments.get(id)
    if found is None:
        raise Unknown(f"There is no deployment {id}. `gate status` shows the recent ones.")
    if found.is_rollback:
        return deciding.on_rolling_back(ports, found.release, actor)[0]
    return deciding.on_deploying(ports, found, actor)
