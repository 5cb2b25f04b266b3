"""The shape of a gate.yaml. What each key means stands in gate.example.yaml, and only there."""

from collections.abc import Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import ClassVar, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

from staging_gate.config.kinds import (
    AddressReference,
    Agreed,
    Branch,
    CheckName,
    Command,
    Count,
    Day,
    Domain,
    DumpPlace,
    Duration,
    EnvironmentName,
    EnvironValue,
    EventName,
    ExpectedValue,
    FileInTree,
    FilePattern,
    FolderInTree,
    Merge,
    MigrationRuleName,
    Moment,
    Name,
    Number,
    OnAWeekday,
    OneLine,
    OpenAt,
    PersonName,
    PlaceOfCode,
    Places,
    Port,
    Proof,
    RenderService,
    Required,
    RoleName,
    SecretReference,
    SmokeName,
    TagPattern,
    TemplateDatabase,
    TimeZone,
    UrlPath,
    VariableName,
    VercelEnvironment,
    VercelProject,
    VercelTeam,
    Weight,
)
from staging_gate.config.tree import Path
from staging_gate.domain.backup import BackupRules
from staging_gate.domain.calendar import Calendar
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import CheckCommand, HotfixRules, Lane, LargeRelease, MergeMethod, RollbackRules
from staging_gate.domain.service import Health, Schema, Service

Environ = dict[VariableName, EnvironValue]


class Part(BaseModel):
    """`later` holds keys of coming versions, each with the key that does its work today (or nothing)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    later: ClassVar[Mapping[str, str]] = {}


class RepositoryPart(Part):
    later = {"github": "git"}

    git: PlaceOfCode


class SchemaCommandsPart(Part):
    current: Command
    upgrade: Command
    downgrade: Command


class SchemaPart(Part):
    alembic: FileInTree | None = None
    commands: SchemaCommandsPart | None = None
    files: FolderInTree | None = None
    database: VariableName
    seed: Command | None = None
    dump: DumpPlace | None = None
    template: TemplateDatabase | None = None
    lock_timeout: Duration = Schema.lock_timeout


class HealthPart(Part):
    path: UrlPath = Health.path
    expect: dict[OneLine, ExpectedValue] = dict(Health().expect)
    within: Duration = Health.within


class SmokePart(Part):
    command: Command
    within: Duration = Service.smoke_within


class LocalPart(Part):
    port: Port
    environ: Environ = {}


class RenderPart(Part):
    service: RenderService
    environ: Environ = {}


class VercelPart(Part):
    project: VercelProject
    team: VercelTeam | None = None
    environment: VercelEnvironment | None = None
    domain: Domain | None = None
    bypass: SecretReference | None = None
    environ: Environ = {}


class TargetPart(Part):
    local: LocalPart | None = None
    render: RenderPart | None = None
    vercel: VercelPart | None = None


class TargetsPart(Part):
    staging: TargetPart
    production: TargetPart


class ServicePart(Part):
    build: Command | None = None
    build_within: Duration = Service.build_within
    schema_: SchemaPart | None = Field(default=None, alias="schema")
    run: Command
    health: HealthPart = HealthPart()
    smoke: SmokePart | None = None
    environ: Environ = {}
    stop_within: Duration = Service.stop_within
    targets: TargetsPart


class ExemptPart(Part):
    rule: MigrationRuleName
    path: FilePattern
    reason: OneLine
    until: Day | None = None


class CheckPart(Part):
    command: Command | None = None
    proves: Proof | None = None
    severities: dict[MigrationRuleName, Weight] = {}
    exempt: tuple[ExemptPart, ...] = ()
    within: Duration = CheckCommand.within
    environ: Environ = {}


class BackupPart(Part):
    keep: Duration = BackupRules.keep
    within: Duration = BackupRules.within
    none_because: OneLine | None = None


class StagingPart(Part):
    branch: Branch
    checks: tuple[CheckName, ...]
    approvals: dict[RoleName, Count]
    approvals_expire: Duration = Lane.approvals_expire
    merge: tuple[Merge, ...] = Lane.merge
    backup: BackupPart | None = None


class LargeReleasePart(Part):
    commits: Number = LargeRelease.commits
    waited: Duration = LargeRelease.waited


class RollbackPart(Part):
    downgrade: Agreed = RollbackRules.downgrade


class ProductionPart(Part):
    branch: Branch
    tags: TagPattern = "v*"
    source: Branch = Field(default="staging", alias="from")
    checks: tuple[CheckName, ...] = ()
    merge: tuple[Merge, ...] = (MergeMethod.MERGE,)
    requires: tuple[Required, ...]
    approvals: dict[RoleName, Count]
    approvals_expire: Duration = Lane.approvals_expire
    smoke: tuple[SmokeName, ...] = ()
    watch: Duration = timedelta(hours=24)
    large_release: LargeReleasePart = LargeReleasePart()
    backup: BackupPart = BackupPart()
    rollback: RollbackPart = RollbackPart()


class FlowPart(Part):
    staging: StagingPart
    production: ProductionPart


class FreezePart(Part):
    from_: Moment = Field(alias="from")
    until: Moment
    why: OneLine
    environments: tuple[EnvironmentName, ...] = (Environment.PRODUCTION,)


class CalendarPart(Part):
    staging_cutoff: OnAWeekday | None = None
    production_windows: tuple[OpenAt, ...] = ()
    freezes: tuple[FreezePart, ...] = ()
    holidays: Places = ()
    announce_majors: Duration = Calendar.announce_majors
    announce_maintenance: Duration = Calendar.announce_maintenance


class HotfixPart(Part):
    files: Number = HotfixRules.files
    lines: Number = HotfixRules.lines
    document: Number = HotfixRules.document
    review: Number = HotfixRules.review
    add_tests: Number = HotfixRules.add_tests
    proper_fix: Number = HotfixRules.proper_fix


class NotifyPart(Part):
    people: dict[PersonName, AddressReference] = {}
    channels: dict[Name, AddressReference] = {}
    events: dict[Name, tuple[EventName, ...]] = {}


class GateYaml(Part):
    later = dict.fromkeys(("on_call", "escalation", "metrics", "logs", "status_page", "maintenance"), "")

    product: Name
    time_zone: TimeZone = "UTC"
    repository: RepositoryPart = RepositoryPart(git="local")
    services: dict[Name, ServicePart] = Field(min_length=1)
    checks: dict[CheckName, CheckPart] = {}
    flow: FlowPart
    calendar: CalendarPart = CalendarPart()
    hotfix: HotfixPart = HotfixPart()
    notify: NotifyPart = NotifyPart()
    people: dict[PersonName, OneLine] = {}
    roles: dict[RoleName, tuple[PersonName, ...]] = {}


def keys_of(part: type[Part]) -> list[str]:
    """The keys as people write them."""
    return [field.alias or name for name, field in part.model_fields.items()]


def part_at(path: Path) -> type[Part] | None:
    """The model that describes the mapping at `path`; None where there is none."""
    kind: object = GateYaml
    for step in path:
        kind = _inside(kind, step)
    return kind if is_part(kind) else None


def _inside(kind: object, step: str | int) -> object:
    if is_part(kind):
        annotations = dict(zip(keys_of(kind), (field.annotation for field in kind.model_fields.values()), strict=True))
        return present(annotations.get(str(step)))
    if get_origin(kind) is tuple:
        return get_args(kind)[0]
    return get_args(kind)[1] if get_origin(kind) is dict else None


def present(annotation: object) -> object:
    """`Part | None` is Part: in a file, a key that is there has a value."""
    if get_origin(annotation) in (Union, UnionType):
        return next(each for each in get_args(annotation) if each is not NoneType)
    return annotation


def is_part(kind: object) -> TypeGuard[type[Part]]:
    return isinstance(kind, type) and issubclass(kind, Part)
