"""Services as processes of this machine, behind one proxy: what builds, checks, starts, proves and retires them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from staging_gate.adapters.local.backups import Backups
from staging_gate.adapters.local.builds import Builds
from staging_gate.adapters.local.checkout import Mirror
from staging_gate.adapters.local.checks import LocalChecks
from staging_gate.adapters.local.diagnoses import Diagnoses
from staging_gate.adapters.local.environments import Environments
from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.logs import FileLogs
from staging_gate.adapters.local.proxy import Proxy
from staging_gate.adapters.local.pruning import Pruning
from staging_gate.adapters.local.recipes import Interpreter
from staging_gate.adapters.local.retirement import Retirement
from staging_gate.adapters.local.schema import Schemas
from staging_gate.adapters.local.scratch import Scratch
from staging_gate.adapters.local.smoke import LocalSmoke
from staging_gate.adapters.local.stand_ins import Workplace
from staging_gate.adapters.local.stopping import stop_all
from staging_gate.adapters.local.target import LocalTarget
from staging_gate.adapters.local.way_back import LocalWayBack
from staging_gate.adapters.local.workshop import Workshop
from staging_gate.ports.databases import DatabaseKeeper
from staging_gate.ports.schema_tool import MigrationProver
from staging_gate.ports.way_back import StandIns
from staging_gate.wire.commands import Account

__all__ = ["Local", "Settings", "connect", "stop_all"]


@dataclass(frozen=True)
class Settings:
    """`state` is the folder that holds everything. `account` is whom services run as, `builder` whom builds and checks
    run as; None is ourselves. `drain_within` is how long the last requests of a retired process may take, `kept_builds`
    how many builds are kept beyond those that a recent deployment has."""

    state: Path
    interpreter: Interpreter
    account: Account | None = None
    builder: Account | None = None
    drain_within: timedelta = timedelta(seconds=30)
    kept_builds: int = 5


@dataclass(frozen=True)
class Local:
    target: LocalTarget
    checks: LocalChecks
    smoke: LocalSmoke
    way_back: LocalWayBack
    logs: FileLogs
    proxy: Proxy


def connect(
    settings: Settings,
    clone_address: Callable[[], str],
    prover: MigrationProver | None = None,
    keeper: DatabaseKeeper | None = None,
    stand_ins: StandIns | None = None,
) -> Local:
    """All ports of this adapter on one state folder. `clone_address` says where the code is fetched from.

    Without a `prover`, no migrations are proved; without a `keeper`, databases are neither looked into nor backed up;
    without `stand_ins`, no release with a schema is tried on other databases.
    """
    layout, account = Layout(settings.state), settings.account
    logs, proxy = FileLogs(layout.logs), Proxy(layout.run)
    workshop = Workshop(layout, logs, settings.interpreter, settings.builder or account)
    environments = Environments(workshop)
    builds = Builds(workshop, Mirror(layout.mirror, clone_address), environments)
    pruning = Pruning(layout, builds, environments, settings.kept_builds)
    retirement = Retirement(proxy, settings.drain_within, pruning.prune)
    schemas = Schemas(layout, builds, logs, account, keeper.revisions if keeper else _unknown)
    backups = Backups(layout, builds, schemas, logs, keeper)
    smoke = LocalSmoke(layout, builds, logs, account)
    scratch = Scratch(layout, builds, account)
    diagnoses = Diagnoses(scratch, schemas, logs, workshop.account, keeper)
    return Local(
        target=LocalTarget(layout, builds, schemas, backups, diagnoses, proxy, retirement, logs, account),
        checks=LocalChecks(layout, builds, logs, workshop.account, prover),
        smoke=smoke,
        way_back=LocalWayBack(Workplace(scratch, builds, logs, stand_ins), smoke, logs, proxy.private_port),
        logs=logs,
        proxy=proxy,
    )


def _unknown(database: str) -> None:
    """Nobody can look into it."""
