"""What is where, what is queued, why it waits."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.change import Change
from staging_gate.domain.check import Check
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Caution
from staging_gate.domain.incident import Incident
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import Hold, Quarantine, Release, ReleaseState
from staging_gate.messages import approvals as words
from staging_gate.ports import Ports
from staging_gate.ports.errors import OutsideError
from staging_gate.ports.store import Transaction
from staging_gate.queries import bypasses, followups, going_back, hotfixes, maintenance, notifications
from staging_gate.queries.calendar import standing
from staging_gate.queries.changes import approvals_waited_for, required_checks
from staging_gate.queries.deployments import Timeline, timeline
from staging_gate.queries.waiting import Waiting, waiting
from staging_gate.queries.ways_back import ShownWayBack, of_now
from staging_gate.runbook import deciding
from staging_gate.runbook.policy import policy_in_force
from staging_gate.runbook.reconcile import Difference, differences


@dataclass(frozen=True)
class Place:
    """One environment: what is live, what is going on, what waits. `addresses` are public, by service, `calendar` says
    when it is open, `back` what a rollback would do now."""

    environment: Environment
    live: Deployment | None
    busy: Timeline | None
    queued: tuple[Deployment, ...]
    recent: tuple[Deployment, ...]
    addresses: dict[str, str]
    holds: tuple[Hold, ...]
    approved: tuple[str, ...]
    calendar: tuple[str, ...]
    back: str | None = None


@dataclass(frozen=True)
class OpenChange:
    change: Change
    checks: tuple[Check, ...]
    waits: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    product: str | None
    at: datetime
    places: tuple[Place, ...]
    changes: tuple[OpenChange, ...]
    releases: tuple[Release, ...]
    quarantines: tuple[Quarantine, ...]
    incidents: tuple[Incident, ...]
    pages: tuple[notifications.OpenPage, ...]
    untold: tuple[str, ...]
    bypasses: tuple[bypasses.ShownBypass, ...]
    hotfixes: tuple[hotfixes.ShownHotfix, ...]
    back_merge: Change | None
    follow_ups: tuple[followups.ShownFollowUp, ...]
    maintenances: tuple[maintenance.ShownMaintenance, ...]
    waiting: tuple[Waiting, ...]
    differences: tuple[Difference, ...]
    warnings: tuple[Caution, ...]
    way_back: ShownWayBack | None = None


def board(ports: Ports) -> Board:
    policy = policy_in_force(ports)
    differs = tuple(differences(ports))
    warnings = _warnings(ports)
    waits = waiting(ports)
    way = of_now(ports)
    urgent, back = hotfixes.open_ones(ports), hotfixes.back_merge(ports)
    busy = {environment: _busy(ports, environment) for environment in Environment}
    rollback = {Environment.PRODUCTION: going_back.said(ports)}
    with ports.store.reading() as tx:
        return Board(
            product=policy.product if policy else None,
            at=tx.at,
            places=tuple(replace(_place(ports, tx, policy, at, busy[at]), back=rollback.get(at)) for at in Environment),
            changes=tuple(_open_change(tx, policy, c) for c in tx.changes.open()),
            releases=tuple(tx.releases.all()[:10]),
            quarantines=tuple(tx.releases.quarantines()),
            incidents=tuple(tx.incidents.open()),
            pages=notifications.open_pages(tx),
            untold=notifications.untold(tx) + notifications.unshown(tx),
            bypasses=bypasses.loud(tx),
            hotfixes=urgent,
            back_merge=back,
            follow_ups=followups.open_ones(tx),
            maintenances=maintenance.soon(tx, tx.at, policy.calendar.time_zone if policy else ZoneInfo("UTC")),
            waiting=waits,
            differences=differs,
            warnings=warnings,
            way_back=way if way and way.was_tried else None,
        )


def _open_change(tx: Transaction, policy: Policy | None, change: Change) -> OpenChange:
    return OpenChange(change, required_checks(tx, policy, change), approvals_waited_for(tx, policy, change))


def _warnings(ports: Ports) -> tuple[Caution, ...]:
    """About the releases that are under way and not published."""
    with ports.store.reading() as tx:
        releases = tx.releases.under_way()
        opened = {c.release: c for c in tx.changes.open() if c.release}
    found: list[Caution] = []
    for release in releases:
        if release.state is ReleaseState.MERGED:
            found += deciding.on_publishing(ports, release, SYSTEM).warnings
        elif release.tag in opened:
            found += deciding.on_merging(ports, opened[release.tag], None, SYSTEM).warnings
    return tuple(found)


def _busy(ports: Ports, environment: Environment) -> Timeline | None:
    with ports.store.reading() as tx:
        occupying = tx.deployments.occupying(environment)
    return timeline(ports, occupying.id) if occupying else None


def _place(
    ports: Ports, tx: Transaction, policy: Policy | None, environment: Environment, busy: Timeline | None
) -> Place:
    return Place(
        environment=environment,
        live=tx.deployments.live(environment),
        busy=busy,
        queued=tuple(tx.deployments.queued(environment)),
        recent=tuple(tx.deployments.recent(environment, 8)),
        addresses=_addresses(ports, policy, environment),
        holds=tuple(hold for hold in tx.holds.in_force() if hold.environment == environment),
        approved=_approved(tx, environment),
        calendar=standing(policy.calendar, environment, tx.at) if policy else (),
    )


def _approved(tx: Transaction, environment: Environment) -> tuple[str, ...]:
    """Who said yes to exactly what staging runs."""
    live = tx.deployments.live(environment) if environment is Environment.STAGING else None
    given = tx.approvals.of_staging(live.revision.tree) if live else []
    return tuple(words.given(approval) for approval in given if approval.withdrawn_at is None)


def _addresses(ports: Ports, policy: Policy | None, environment: Environment) -> dict[str, str]:
    if policy is None:
        return {}
    found = {}
    for service in policy.services_in(environment):
        target = service.target(environment)
        adapter = ports.targets.get(target.provider)
        with suppress(OutsideError):  # that it is away is said elsewhere
            address = adapter.address(environment, service, target) if adapter else None
            if address is not None:
                found[service.name] = address
    return found
