"""The explicit list: every adapter has its line here."""

from collections.abc import Sequence
from dataclasses import dataclass

from staging_gate.adapters import apprise, git, github, local, render, vercel
from staging_gate.adapters.local import secrets
from staging_gate.adapters.local.accounts import interpreter_for, service_account
from staging_gate.adapters.schema import Keeper, Prover, SchemaStandIns
from staging_gate.bootstrap.installation import installation
from staging_gate.bootstrap.settings import Settings
from staging_gate.config import YamlPolicyReader
from staging_gate.ports import Ports
from staging_gate.ports.clock import Clock
from staging_gate.ports.store import Store

REPOSITORY = "repository.git"
MIRROR = "github.git"


@dataclass(frozen=True)
class AtGitHub:
    """A repository that lives there; `address` is where git finds it."""

    host: github.GitHubCodeHost
    connection: github.Connection
    address: str

    def examine(self) -> github.Access:
        return github.examine(self.host, self.connection.sign_in)

    def examine_branch(self, name: str) -> github.Access:
        return github.examine_branch(self.connection.calls, name)

    def examine_rights(self) -> github.Access:
        return github.examine_rights(self.connection.calls, self.connection.sign_in)

    @property
    def reports(self) -> github.GitHubReports:
        return github.GitHubReports(self.connection.calls, self.connection.sign_in)

    def deliveries(self, address: str) -> github.GitHubDeliveries:
        return github.GitHubDeliveries(self.connection.calls, self.connection.sign_in, address)

    def webhooks(self, address: str, secrets: Sequence[bytes]) -> github.GitHubWebhooks:
        secret = secrets[0] if secrets else b""
        return github.GitHubWebhooks(self.connection.calls, self.connection.sign_in, address, secret)

    @property
    def protection(self) -> github.GitHubProtection:
        return github.GitHubProtection(self.connection.calls, self.connection.sign_in)


@dataclass(frozen=True)
class Bound:
    """The ports, and what of the adapters is started, stopped and examined besides."""

    ports: Ports
    local: local.Local
    code: git.GitCodeHost | AtGitHub


def bind(settings: Settings, clock: Clock, store: Store) -> Bound:
    code = _at_github(settings, clock) if settings.repository else git.GitCodeHost.create(settings.state / REPOSITORY)
    code_host = code.host if isinstance(code, AtGitHub) else code
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
    at_render, at_vercel = _render(settings, clock), _vercel(settings, clock)
    signed = settings.hook_secrets.get("github", ())
    heard_of = f"{settings.public_address}/hooks/github" if signed else ""
    ports = Ports(
        clock=clock,
        store=store,
        code_host=code_host,
        targets={"local": here.target, "render": at_render, "vercel": at_vercel},
        checks=here.checks,
        smoke=here.smoke,
        logs=here.logs,
        policy=YamlPolicyReader(),
        way_back=here.way_back,
        notifier=apprise.connect(secrets.read),
        address=settings.public_address,
        hearers={
            "render": at_render,
            "vercel": at_vercel,
            **({"github": code.host} if isinstance(code, AtGitHub) else {}),
        },
        pull_requests=github.GitHubPullRequests(code.connection.calls, clock) if isinstance(code, AtGitHub) else None,
        protection=code.protection if isinstance(code, AtGitHub) else None,
        deliveries={"github": code.deliveries(heard_of)} if isinstance(code, AtGitHub) and heard_of else {},
        reports=code.reports if isinstance(code, AtGitHub) else None,
        webhooks=code.webhooks(settings.public_address, signed) if isinstance(code, AtGitHub) else None,
        tag_news=github.GitHubTagNews(code.connection.calls.name) if isinstance(code, AtGitHub) else None,
    )
    return Bound(ports, here, code)


def _at_github(settings: Settings, clock: Clock) -> AtGitHub:
    """Nothing is asked yet. Raises Refused where a secret is not there."""
    given = {"GATE_GITHUB_TOKEN": settings.github_token, "GATE_GITHUB_KEY": settings.github_key}
    known = secrets.resolve({name: value for name, value in given.items() if value}).environ
    wanted = github.Settings(
        settings.repository.removeprefix("github:"),
        token=known.get("GATE_GITHUB_TOKEN", ""),
        app=settings.github_app,
        key=known.get("GATE_GITHUB_KEY", ""),
        api=(settings.github_api or github.API).rstrip("/"),
        authorities=settings.authorities,
    )
    connection, address = github.connect(wanted, clock), github.repository_address(wanted)
    mirror = git.GitMirror.create(settings.state / MIRROR)
    source = git.Source(address, connection.user_and_password, settings.authorities)
    return AtGitHub(github.host(connection, mirror, lambda: mirror.fetch(source), clock), connection, address)


def _render(settings: Settings, clock: Clock) -> render.RenderTarget:
    base = settings.render_api or render.BASE
    return render.connect(render.Settings(settings.render_key, settings.state / "render", base, secrets.read), clock)


def _vercel(settings: Settings, clock: Clock) -> vercel.VercelTarget:
    """Raises Refused where the token is not where the setting says."""
    given = {"GATE_VERCEL_KEY": settings.vercel_key} if settings.vercel_key else {}
    key = secrets.resolve(given).environ.get("GATE_VERCEL_KEY", "")
    base = settings.vercel_api or vercel.BASE
    return vercel.connect(vercel.Settings(key, settings.state / "vercel", base, secrets.read), clock)
