"""What a team runs: how a service is built, started, proved, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from staging_gate.domain.environment import Environment


@dataclass(frozen=True)
class Target:
    """One service in one environment at one provider.

    `port` is the public one, of the proxy in front (local targets only); `environ` holds what the service is
    started with, where a value `env:NAME` or `file:PATH` is a reference to a secret that is read at the start.
    `settings` is what only its provider understands, `for_smoke` what its smoke tests get besides (references too).
    """

    provider: str
    port: int | None = None
    identity: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    for_smoke: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SchemaCommands:
    """A migration tool as three commands. `current` prints the revision of the database as its last line; in
    `downgrade`, `$REVISION` is what `current` printed before."""

    current: tuple[str, ...]
    upgrade: tuple[str, ...]
    downgrade: tuple[str, ...]


@dataclass(frozen=True)
class Schema:
    """`tool` (`alembic`, `commands`) migrates the database that the variable `database` names; `config` is the file in
    the tree that says how; `files` the folder of migrations of a tool that is known by its `commands`, or empty.

    For proofs: `seed` fills a database, `dump` is a full path on the server, `template` a database beside the clones;
    both may be `env:NAME`.

    A migration waits no longer than `lock_timeout` for a lock: behind it, everybody else would wait too.
    """

    tool: str
    config: str
    database: str
    seed: tuple[str, ...] = ()
    commands: SchemaCommands | None = None
    files: str = ""
    dump: str = ""
    template: str = ""
    lock_timeout: timedelta = timedelta(seconds=30)


@dataclass(frozen=True)
class Health:
    """What `GET path` must answer. In `expect`, `$ENVIRONMENT` stands for the environment's name."""

    path: str = "/health"
    expect: Mapping[str, str] = field(default_factory=lambda: {"status": "healthy", "environment": "$ENVIRONMENT"})
    within: timedelta = timedelta(seconds=60)


@dataclass(frozen=True)
class Service:
    """One service as gate.yaml describes it. Commands are argument lists; `$NAME` in them is filled in at the start."""

    name: str
    run: tuple[str, ...]
    health: Health
    targets: Mapping[Environment, Target]
    build: tuple[str, ...] = ()
    build_within: timedelta = timedelta(minutes=15)
    schema: Schema | None = None
    smoke: tuple[str, ...] = ()
    smoke_within: timedelta = timedelta(minutes=5)
    environ: Mapping[str, str] = field(default_factory=dict)
    stop_within: timedelta = timedelta(seconds=10)

    def target(self, environment: Environment) -> Target:
        return self.targets[environment]

    def runs_in(self, environment: Environment) -> bool:
        return environment in self.targets
