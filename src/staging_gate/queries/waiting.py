"""What goes by itself as soon as the gate opens, and when that is."""

from dataclasses import dataclass
from datetime import datetime

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.gate import Decision
from staging_gate.domain.release import Release
from staging_gate.messages import waiting as words
from staging_gate.ports import Ports
from staging_gate.runbook import changes, deciding, merging, releasing
from staging_gate.runbook.policy import policy_in_force
from staging_gate.runbook.waiting import changes_in_turn, deployments_in_turn, releases_in_turn


@dataclass(frozen=True)
class Waiting:
    """`subject` is a deployment, a release's tag or `change 7`. `until` is when it goes, None where more than time is
    missing; `said` is a sentence about it."""

    subject: str
    title: str
    by: str
    since: datetime
    until: datetime | None
    said: str


def waiting(ports: Ports) -> tuple[Waiting, ...]:
    """In the order in which they go: what is queued already, releases, merges."""
    with ports.store.reading() as tx:
        queued, releases, asked = deployments_in_turn(tx), releases_in_turn(tx), changes_in_turn(tx)
    found = [_of_deployment(ports, each) for each in queued]
    found += [of_release(ports, each) for each in releases]
    return (*found, *(of_change(ports, each) for each in asked))


def of_release(ports: Ports, release: Release) -> Waiting:
    by, since = release.publish_wanted_by or "", release.publish_wanted_at or release.created_at
    decision = deciding.on_publishing(ports, release, releasing.publisher(ports, release))
    return _waiting(ports, release.tag, release.title, by, since, decision)


def of_change(ports: Ports, change: Change) -> Waiting:
    by, since = change.merge_wanted_by or "", change.merge_wanted_at or change.opened_at
    decision = deciding.on_merging(ports, change, change.merge_wanted_method, merging.acting(ports, by))
    return _waiting(ports, changes.subject_of(change), change.title, by, since, decision)


def _of_deployment(ports: Ports, queued: Deployment) -> Waiting:
    decision = deciding.on_deploying(ports, queued, SYSTEM)
    return _waiting(ports, queued.id, queued.why, queued.requested_by, queued.requested_at, decision)


def _waiting(ports: Ports, subject: str, title: str, by: str, since: datetime, decision: Decision) -> Waiting:
    policy = policy_in_force(ports)
    said = words.waits(subject, decision, policy.time_zone if policy else "UTC")
    return Waiting(subject, title, by, since, decision.until, said)
