"""The rules in force: gate.yaml, read and checked. Frozen; knows no files and no YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from staging_gate.domain.backup import BackupRules
from staging_gate.domain.calendar import Calendar
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUpKind
from staging_gate.domain.going_back import Consent
from staging_gate.domain.migration import ProofRules
from staging_gate.domain.notification import Notify
from staging_gate.domain.service import Service


class MergeMethod(StrEnum):
    SQUASH = "squash"
    MERGE = "merge"


class Requirement(StrEnum):
    """What the production gate may ask for beyond approvals."""

    VERIFIED_IN_STAGING = "verified_in_staging"
    TESTED_BY_A_PERSON = "tested_by_a_person"
    NO_CRITICAL_BUGS = "no_critical_bugs"
    MIGRATIONS_PROVED = "migrations_proved"
    WAY_BACK_PROVED = "way_back_proved"


class Provable(StrEnum):
    """What we know how to prove by ourselves."""

    MIGRATIONS = "migrations"


@dataclass(frozen=True)
class CheckCommand:
    """A check that we run ourselves, on the tree of head merged into base: its command, or a proof that we bring, and
    what is made of its findings."""

    name: str
    command: tuple[str, ...] = ()
    within: timedelta = timedelta(minutes=10)
    environ: Mapping[str, str] = field(default_factory=dict)
    proves: Provable | None = None
    proof: ProofRules = ProofRules()


@dataclass(frozen=True)
class LargeRelease:
    """What is more than this is warned about: commits, and how long the oldest change has waited."""

    commits: int = 30
    waited: timedelta = timedelta(days=14)


@dataclass(frozen=True)
class RollbackRules:
    """`downgrade` is when one may be part of a rollback that nobody ordered."""

    downgrade: Consent = Consent.WITHOUT_LOSS


@dataclass(frozen=True)
class HotfixRules:
    """A hotfix of more `files` or `lines` than this is warned about. The others are working days until what follows
    from one is due."""

    files: int = 10
    lines: int = 200
    document: int = 2
    review: int = 2
    add_tests: int = 5
    proper_fix: int = 10

    def follow_ups(self) -> Mapping[FollowUpKind, int]:
        kinds = (FollowUpKind.DOCUMENT, FollowUpKind.REVIEW, FollowUpKind.ADD_TESTS, FollowUpKind.PROPER_FIX)
        return {kind: getattr(self, kind) for kind in kinds}


@dataclass(frozen=True)
class Lane:
    """One environment's way in: its branch, what a change to that branch needs, and what a deployment needs.

    An approval counts until it is `approvals_expire` old.

    `approvals` maps a role to how many people with it must say yes; the role `review` is any person but the author.
    """

    environment: Environment
    branch: str
    checks: tuple[str, ...] = ()
    approvals: Mapping[str, int] = field(default_factory=dict)
    approvals_expire: timedelta = timedelta(days=7)
    merge: tuple[MergeMethod, ...] = (MergeMethod.SQUASH, MergeMethod.MERGE)
    tags: str | None = None
    source: str | None = None
    requires: tuple[Requirement, ...] = ()
    smoke: tuple[str, ...] = ()
    watch: timedelta = timedelta(hours=24)
    large_release: LargeRelease = LargeRelease()
    backup: BackupRules | None = None
    rollback: RollbackRules = RollbackRules()


@dataclass(frozen=True)
class Policy:
    """`hash` names exactly this text: approvals bind to it. Services come in the order in which they are deployed."""

    product: str
    hash: str
    services: tuple[Service, ...]
    staging: Lane
    production: Lane
    checks: Mapping[str, CheckCommand] = field(default_factory=dict)
    time_zone: str = "UTC"
    repository: str = "git"
    people: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    calendar: Calendar = Calendar()
    hotfix: HotfixRules = HotfixRules()
    notify: Notify = Notify()

    def lane(self, environment: Environment) -> Lane:
        return self.staging if environment is Environment.STAGING else self.production

    def lane_of_branch(self, branch: str) -> Lane | None:
        return next(
            (lane for lane in (self.staging, self.production) if lane.branch == branch),
            None,
        )

    def services_in(self, environment: Environment) -> tuple[Service, ...]:
        return tuple(service for service in self.services if service.runs_in(environment))

    def person(self, login: str) -> str:
        """Who has this account at the code host: its name as it stands here, however it is written there."""
        return next((name for name in self.people if name.casefold() == login.casefold()), login)

    def roles_of(self, person: str) -> frozenset[str]:
        return frozenset(role for role, people in self.roles.items() if person in people)
