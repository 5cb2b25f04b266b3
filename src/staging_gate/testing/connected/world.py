"""The connected World: everything is real but GitHub, Render, Vercel and what runs a project's own commands."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from staging_gate.adapters import github, render, vercel
from staging_gate.adapters.git import GitMirror, Source
from staging_gate.adapters.github.pull_requests import GitHubPullRequests
from staging_gate.adapters.github.pushed import GitHubTagNews
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.ports import Ports
from staging_gate.ports.code_host import TagOrder
from staging_gate.ports.deploy_target import DeployTarget
from staging_gate.ports.errors import OutsideError
from staging_gate.ports.hints import Hearer
from staging_gate.runbook import hearing, reconcile
from staging_gate.testing.connected.mortal import mortal
from staging_gate.testing.connected.places import RenderPlace, VercelPlace
from staging_gate.testing.connected.policies import connected_yaml
from staging_gate.testing.connected.post import Post
from staging_gate.testing.connected.providers import TOKEN, ConnectedOutsides, Providers
from staging_gate.testing.fakes import Outsides
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.render import RenderStandIn
from staging_gate.testing.render.render import KEY
from staging_gate.testing.repository import Files, OpenCodeHost, Repository
from staging_gate.testing.vercel import TOKEN as VERCEL_TOKEN
from staging_gate.testing.vercel import VercelStandIn
from staging_gate.testing.web import Reply
from staging_gate.testing.world import World
from staging_gate.wire.http import Http, Limits

MIRROR = "github.git"
QUICK = Limits(connect=2, read=2, whole=10, tries=3, patience=20)
DOWN = Reply(503, b"We are having trouble. Try again later.")
LOOKED_AT_EVERY = 10.0
"""Seconds, as the server does."""


Through = Callable[[Http], Http]
StandIn = GitHubStandIn | RenderStandIn | VercelStandIn


class ConnectedWorld(World):
    """`github`, `render` and `vercel` are the stand-ins: what people do there by hand, and what goes wrong there.
    Services are at Render unless the policy says otherwise."""

    provider = "render"
    staging: RenderPlace
    production: RenderPlace
    outsides: ConnectedOutsides

    def __init__(self, folder: Path, database: str | None = None, outsides: Outsides | None = None) -> None:
        outsides = outsides or ConnectedOutsides()
        assert isinstance(outsides, ConnectedOutsides)
        self.providers = Providers.open(folder, outsides.clock, outsides.providers)
        outsides.providers = self.providers
        self.github, self.render, self.vercel = self.providers.github, self.providers.render, self.providers.vercel
        self.post = Post(folder, outsides.clock)
        super().__init__(folder, database, outsides)
        self.ports = replace(self.ports, targets={**self._others(), **self.ports.targets})
        hearers = {"github": self.code_host, **self.ports.targets}
        self.ports = replace(self.ports, hearers=cast(Mapping[str, Hearer], hearers))
        self._settle_in()

    @classmethod
    def begin(cls, folder: Path, policy: str | None = "", database: str | None = None) -> "ConnectedWorld":
        text = connected_yaml(provider=cls.provider) if policy == "" else policy
        return cast(ConnectedWorld, super().begin(folder, text, database))

    def close(self) -> None:
        super().close()
        self.post.close()
        self.providers.close()

    def advance(self, **lengths: float) -> None:
        """The server looks every few seconds, whether anybody told it something or not."""
        self.clock.advance(**lengths)
        self.hear()
        super().advance()

    def hear(self) -> None:
        """What a webhook leads to. What can not be read now is read the next time."""
        with suppress(OutsideError):
            hearing.look_again(self.ports, self.post.inbox)
        self.settle()

    def push(self, branch: str, files: Files, by: str = "ada", message: str = "", since: str = "staging") -> Revision:
        """To GitHub, which asks nobody of us."""
        known = self.github.host.branches()
        parent = known.get(branch) or known.get(since) or self.revision(since).commit
        commit = self.repository.commit(parent, files, message or f"feat: {branch}", by, self.clock.now())
        self.repository.move(f"refs/heads/{branch}", commit, by)
        self.github.saw_push(branch, commit, by, "push" if branch in known else "branch_creation")
        self.post.send("github", "push", {"ref": f"refs/heads/{branch}", "after": commit})
        if not self.post.held:
            self.hear()
        return self.revision(commit)

    def push_tag(self, tag: str, at: str = "main", by: str = "dora", message: str | None = "because") -> None:
        """To GitHub, which asks nobody of us."""
        commit = self.revision(at).commit
        if message is None:
            self.repository.move(f"refs/tags/{tag}", commit)
        else:
            self.github.host.create_tag(TagOrder(tag, commit, message, by, self.clock.now()))
        told = {"repository": {"full_name": self.github.name}, "sender": {"login": by, "type": "User"}}
        self.post.send("github", "push", {"ref": f"refs/tags/{tag}", "created": True, **told})
        if not self.post.held:
            self.hear()

    def goes_down(self, provider: StandIn, hours: float = 100) -> None:
        """For so long it answers 503 and does nothing, however often it is asked."""
        until = self.clock.now() + timedelta(hours=hours)
        provider.web.away = lambda: DOWN if self.clock.now() < until else None

    @contextmanager
    def down(self, provider: StandIn) -> Iterator[None]:
        self.goes_down(provider)
        yield
        provider.web.away = lambda: None

    def differences(self) -> list[str]:
        """What the board says beside our own record."""
        self.clock.advance(seconds=LOOKED_AT_EVERY)
        return [f"{one.subject}: {one.what}" for one in reconcile.differences(self.ports)]

    def revision(self, ref: str) -> Revision:
        """At GitHub."""
        found = self.github.host.revision(ref)
        assert found, f"there is no {ref}"
        return found

    # --- inside --------------------------------------------------------------------------------------------------

    @classmethod
    def _make_code(cls, folder: Path) -> None:
        """The stand-in makes it when it is opened."""
        folder.mkdir(parents=True, exist_ok=True)

    def _open_code(self) -> tuple[Repository, OpenCodeHost]:
        return Repository(self.github.host.path), self._code_host(_as_it_is)

    def _settle_in(self) -> None:
        self.staging = RenderPlace(Environment.STAGING, self.target, self.smoke, self.github, self.render)
        self.production = RenderPlace(Environment.PRODUCTION, self.target, self.smoke, self.github, self.render)

    def _deploy_target(self) -> DeployTarget:
        return self._target_at(self.provider, _as_it_is)

    def _outside(self, name: str) -> object:
        if name == "code host":
            return self._code_host(self._deadly("GitHub"))
        if name == "deploy target":
            return self._target_at(self.provider, self._deadly(self.provider.title()))
        return super()._outside(name)

    def _more_ports(self, mortal: bool = False) -> Mapping[str, Any]:
        connection = self._signed_in(self._deadly("GitHub") if mortal else _as_it_is)
        pulls, news = GitHubPullRequests(connection.calls, self.clock), GitHubTagNews(self.github.name)
        return {"pull_requests": pulls, "tag_news": news}

    def _mortal_ports(self) -> Ports:
        ports = super()._mortal_ports()
        return replace(ports, targets={**self._others(mortal=True), **ports.targets})

    def _others(self, mortal: bool = False) -> dict[str, DeployTarget]:
        """The targets beside the usual one."""
        names = [name for name in ("render", "vercel") if name != self.provider]
        return {name: self._target_at(name, self._deadly(name.title()) if mortal else _as_it_is) for name in names}

    def _deadly(self, name: str) -> Through:
        return lambda http: mortal(http, name, self.kills)

    def _signed_in(self, through: Through) -> github.Connection:
        settings = github.Settings(self.github.name, token=TOKEN, api=self.github.api, limits=QUICK)
        connection = github.connect(settings, self.clock)
        connection.calls.http = through(connection.calls.http)
        return connection

    def _code_host(self, through: Through) -> github.GitHubCodeHost:
        connection = self._signed_in(through)
        mirror = GitMirror.create(self.folder / MIRROR)
        source = Source(github.repository_address(connection.settings), connection.user_and_password)
        return github.host(connection, mirror, lambda: mirror.fetch(source), self.clock)

    def _target_at(self, provider: str, through: Through) -> DeployTarget:
        return self._vercel_target(through) if provider == "vercel" else self._render_target(through)

    def _vercel_target(self, through: Through) -> vercel.VercelTarget:
        settings = vercel.Settings(VERCEL_TOKEN, self.folder / "vercel", self.vercel.address)
        target = vercel.connect(settings, self.clock)
        assert target._http
        target._http = through(target._http)
        return target

    def _render_target(self, through: Through) -> render.RenderTarget:
        api = render.RenderApi(KEY, self.clock, self.render.address)
        api._http = through(api._http)
        return render.RenderTarget(api, self.folder / "render", self.clock)


class VercelWorld(ConnectedWorld):
    """The services are at Vercel."""

    provider = "vercel"
    staging: VercelPlace  # type: ignore[assignment]  # stories are told of one or the other
    production: VercelPlace  # type: ignore[assignment]

    def _settle_in(self) -> None:
        self.staging = VercelPlace(Environment.STAGING, self.target, self.smoke, self.github, self.vercel)
        self.production = VercelPlace(Environment.PRODUCTION, self.target, self.smoke, self.github, self.vercel)


def _as_it_is(http: Http) -> Http:
    return http
