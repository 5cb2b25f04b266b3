"""The explicit list: every adapter has its line here."""

from dataclasses import dataclass

from staging_gate.adapters import apprise, git, local, render
from staging_gate.adapters.clock import SystemClock
from staging_gate.adapters.local import secrets
from staging_gate.adapters.local.accounts import interpreter_for, service_account
from staging_gate.adapters.schema import Keeper, Prover, SchemaStandIns
from staging_gate.bootstrap.installation import installation
from staging_gate.bootstrap.settings import Settings
from staging_gate.config import YamlPolicyReader
from staging_gate.ports import Ports
from staging_gate.ports.store import Store

REPOSITORY = "repository.git"


@dataclass(frozen=True)
class Bound:
    """The ports, and what of the adapters is started, stopped and examined besides."""

    ports: Ports
    local: local.Local


def bind(settings: Settings, clock: SystemClock, store: Store) -> Bound:
    code_host = git.GitCodeHost.create(settings.state / REPOSITORY)
    account = service_account(settings.service_account)
    builder = service_account(settings.build_account, "GATE_BUILD_ACCOUNT") if settings.build_account else account
    owner = installation(settings.state)
    prover = Prover(settings.proof_postgres, owner)
    here = local.connect(
        local.Settings(settings.state, interpreter_for(account), account, builder),
        code_host.clone_address,
        prover,
        Keeper(settings.proof_postgres, owner),
        SchemaStandIns(prover),
    )
    ports = Ports(
        clock=clock,
        store=store,
        code_host=code_host,
        targets={"local": here.target, "render": _render(settings, clock)},
        checks=here.checks,
        smoke=here.smoke,
        logs=here.logs,
        policy=YamlPolicyReader(),
        way_back=here.way_back,
        notifier=apprise.connect(secrets.read),
        address=settings.public_address,
    )
    return Bound(ports, here)


def _render(settings: Settings, clock: SystemClock) -> render.RenderTarget:
    base = settings.render_api or render.BASE
    return render.connect(render.Settings(settings.render_key, settings.state / "render", base, secrets.read), clock)
