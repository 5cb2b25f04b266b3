"""From the models to the policy in force."""

import hashlib
import json

from staging_gate.config.calendar_readers import edge
from staging_gate.config.models import (
    BackupPart,
    CalendarPart,
    CheckPart,
    FreezePart,
    GateYaml,
    ProductionPart,
    SchemaPart,
    ServicePart,
    StagingPart,
    TargetPart,
    VercelPart,
)
from staging_gate.domain.backup import BackupRules
from staging_gate.domain.calendar import Calendar, Freeze
from staging_gate.domain.environment import Environment
from staging_gate.domain.migration import Exemption, ProofRules
from staging_gate.domain.notification import Notify
from staging_gate.domain.policy import CheckCommand, HotfixRules, Lane, LargeRelease, Policy, RollbackRules
from staging_gate.domain.service import Health, Schema, SchemaCommands, Service, Target


def to_policy(gate: GateYaml) -> Policy:
    staging = gate.flow.staging
    return Policy(
        product=gate.product,
        hash=content_hash(gate),
        services=tuple(_service(name, part) for name, part in gate.services.items()),
        staging=_staging(staging),
        production=_production(gate.flow.production, staging.branch),
        checks={name: _check(name, part) for name, part in gate.checks.items()},
        time_zone=gate.time_zone,
        repository="git" if gate.repository.git == "local" else gate.repository.git,
        people=gate.people,
        roles=gate.roles,
        calendar=_calendar(gate.calendar, gate.time_zone),
        hotfix=HotfixRules(**dict(gate.hotfix)),
        notify=Notify(gate.notify.people, gate.notify.channels, gate.notify.events),
    )


def content_hash(gate: GateYaml) -> str:
    """Hex SHA-256 of what the policy says. Comments, layout, the order of keys and defaults that are written out do
    not change it; the order of the services does, as they are deployed in it.
    """
    content = gate.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    text = json.dumps([content, list(gate.services)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _service(name: str, part: ServicePart) -> Service:
    targets = {Environment.STAGING: part.targets.staging, Environment.PRODUCTION: part.targets.production}
    return Service(
        name=name,
        run=part.run,
        health=Health(path=part.health.path, expect=part.health.expect, within=part.health.within),
        targets={environment: _target(target, environment) for environment, target in targets.items()},
        build=part.build or (),
        build_within=part.build_within,
        schema=_schema(part.schema_) if part.schema_ else None,
        smoke=part.smoke.command if part.smoke else (),
        smoke_within=part.smoke.within if part.smoke else Service.smoke_within,
        environ=part.environ,
        stop_within=part.stop_within,
    )


def _schema(part: SchemaPart) -> Schema:
    commands = SchemaCommands(*dict(part.commands).values()) if part.commands else None
    return Schema(
        "commands" if commands else "alembic",
        part.alembic or "gate.yaml",
        part.database,
        part.seed or (),
        commands,
        part.files or "",
        part.dump or "",
        part.template or "",
        part.lock_timeout,
    )


def _target(part: TargetPart, environment: Environment) -> Target:
    if part.vercel:
        return _at_vercel(part.vercel, environment)
    if part.render:
        return Target(provider="render", identity=part.render.service, environ=part.render.environ)
    assert part.local  # one of them: see rules.py
    return Target(provider="local", port=part.local.port, environ=part.local.environ)


def _at_vercel(part: VercelPart, environment: Environment) -> Target:
    """Smoke tests get the secret by the name that Vercel gives it, too."""
    usual = "production" if environment is Environment.PRODUCTION else "preview"
    given = {"team": part.team, "domain": part.domain, "bypass": part.bypass}
    return Target(
        provider="vercel",
        identity=part.project,
        environ=part.environ,
        settings={"environment": part.environment or usual, **{name: one for name, one in given.items() if one}},
        for_smoke={"VERCEL_AUTOMATION_BYPASS_SECRET": part.bypass} if part.bypass else {},
    )


def _check(name: str, part: CheckPart) -> CheckCommand:
    exempt = tuple(Exemption(each.rule, each.path, each.reason, each.until) for each in part.exempt)
    proof = ProofRules(part.severities, exempt)
    return CheckCommand(name, part.command or (), part.within, part.environ, part.proves, proof)


def _staging(part: StagingPart) -> Lane:
    return Lane(
        environment=Environment.STAGING,
        branch=part.branch,
        checks=part.checks,
        approvals=part.approvals,
        approvals_expire=part.approvals_expire,
        merge=part.merge,
        backup=_backup(part.backup) if part.backup else None,
    )


def _production(part: ProductionPart, source: str) -> Lane:
    """`from` may name the environment; the lane always names the branch."""
    return Lane(
        environment=Environment.PRODUCTION,
        branch=part.branch,
        checks=part.checks,
        approvals=part.approvals,
        approvals_expire=part.approvals_expire,
        merge=part.merge,
        tags=part.tags,
        source=source,
        requires=part.requires,
        smoke=part.smoke,
        watch=part.watch,
        large_release=LargeRelease(part.large_release.commits, part.large_release.waited),
        backup=_backup(part.backup),
        rollback=RollbackRules(part.rollback.downgrade),
    )


def _backup(part: BackupPart) -> BackupRules:
    return BackupRules(part.keep, part.within, part.none_because or "")


def _calendar(part: CalendarPart, zone: str) -> Calendar:
    return Calendar(
        zone=zone,
        staging_cutoff=part.staging_cutoff,
        production_windows=part.production_windows,
        freezes=tuple(_freeze(freeze) for freeze in part.freezes),
        holidays=part.holidays,
        announce_majors=part.announce_majors,
        announce_maintenance=part.announce_maintenance,
    )


def _freeze(part: FreezePart) -> Freeze:
    return Freeze(edge(part.from_), edge(part.until, ends=True), part.why, part.environments)
