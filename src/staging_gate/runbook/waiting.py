"""Asked for once, then it goes by itself: releases are published and changes merged as soon as the gate is open.

Nothing is decided ahead: every tick asks the gate anew, with the rules and the facts of that moment.
"""

from datetime import datetime
from typing import Any

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.version import parse_tag
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding, merging, releasing
from staging_gate.runbook.deciding import Closed
from staging_gate.runbook.queue import dispatch


def publish_what_is_due(ports: Ports) -> None:
    """The first release in turn for which the gate is open, one after the other: the next one waits until it ended."""
    with ports.store.reading() as tx:
        releases = [] if _production_is_busy(tx) else releases_in_turn(tx)
    for release in releases:
        if release.state is not ReleaseState.MERGED:
            continue  # its change is merged first
        decision = deciding.on_publishing(ports, release, releasing.publisher(ports, release))
        if decision.open:
            return _publish(ports, release)
        releasing.hold_back(ports, release, decision)


def deploy_what_waits(ports: Ports) -> None:
    """What found its environment closed by the calendar when its turn came, as soon as more than time decides on it."""
    with ports.store.reading() as tx:
        waiting = deployments_in_turn(tx)
    for first in waiting:
        if deciding.on_deploying(ports, first, SYSTEM).until is None:
            with ports.store.transaction() as tx:
                tx.deployments.lock(first.environment)
                dispatch(tx, first.environment)


def merge_what_is_ready(ports: Ports) -> None:
    """One per branch at a time: a merge changes what the next one would be."""
    with ports.store.reading() as tx:
        busy = {change.target for change in tx.changes.open() if change.is_being_merged}
        asked = changes_in_turn(tx)
    for change in asked:
        if change.target not in busy and _merge(ports, change):
            busy.add(change.target)


def deployments_in_turn(tx: Transaction) -> list[Deployment]:
    """The next one for each environment where nothing runs and it could."""
    free = [environment for environment in Environment if tx.deployments.occupying(environment) is None]
    return [deployment for environment in free for deployment in tx.deployments.queued(environment)[:1]]


def releases_in_turn(tx: Transaction) -> list[Release]:
    """In the order of being asked for; those of one moment by version."""
    return sorted((release for release in tx.releases.under_way() if release.waits), key=_turn)


def changes_in_turn(tx: Transaction) -> list[Change]:
    """Those that wait and are not being merged already: hotfixes first, then in the order of being asked for."""
    asked = [change for change in tx.changes.open() if change.waits and not change.is_being_merged]
    return sorted(asked, key=_place)


def _publish(ports: Ports, release: Release) -> None:
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.PRODUCTION)
        if not _production_is_busy(tx):  # else another process was first
            releasing.publish_by_calendar(tx, release)


def _merge(ports: Ports, change: Change) -> bool:
    try:
        by = merging.acting(ports, change.merge_wanted_by)
        if ports.pull_requests is not None:  # each try of merging asks the code host anew, which limits how often
            deciding.through(deciding.on_merging(ports, change, change.merge_wanted_method, by))
        merging.merge(ports, change.number, change.merge_wanted_method, by)
    except Closed:
        return False
    return True


def _production_is_busy(tx: Transaction) -> bool:
    if any(run.procedure == releasing.PUBLISH for run in tx.runs.unfinished()):
        return True
    production = Environment.PRODUCTION
    return tx.deployments.occupying(production) is not None or bool(tx.deployments.queued(production))


def _place(change: Change) -> tuple[bool, datetime, int]:
    return not change.is_hotfix, change.merge_wanted_at or change.opened_at, change.number


def _turn(release: Release) -> tuple[datetime, bool, Any]:
    version = parse_tag(release.tag)
    assert release.publish_wanted_at is not None
    return release.publish_wanted_at, version is None, version
