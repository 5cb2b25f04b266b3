"""An environment at Render or at Vercel in the words of a story."""

from abc import abstractmethod
from dataclasses import dataclass

from staging_gate.domain.environment import Environment
from staging_gate.testing.connected.policies import render_id, vercel_domain, vercel_id
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.places import FakePlace
from staging_gate.testing.render import RenderStandIn
from staging_gate.testing.render.render import Hosted, Made
from staging_gate.testing.vercel import Hosted as Project
from staging_gate.testing.vercel import VercelStandIn


@dataclass(frozen=True)
class ProviderPlace(FakePlace):
    """Its smoke tests are fake, its services are at a stand-in."""

    github: GitHubStandIn

    def live(self, service: str = "api") -> str | None:
        """By its release where it is one."""
        commit = self.live_commit(service)
        tags = self.github.host.tags().values()
        return next((tag.name for tag in tags if tag.commit == commit), commit)

    @abstractmethod
    def live_commit(self, service: str = "api") -> str | None:
        """What the provider serves; None where it is suspended, or nothing was ever deployed."""


@dataclass(frozen=True)
class RenderPlace(ProviderPlace):
    render: RenderStandIn

    def at_render(self, service: str = "api") -> Hosted:
        return self.render.services[render_id(service, self.environment)]

    def live_commit(self, service: str = "api") -> str | None:
        host = self.at_render(service)
        live = next((made for made in host.deploys if made.status == "live"), None)
        return live.commit if live and not host.suspended else None

    def deploys(self, service: str = "api") -> list[tuple[str, str, str]]:
        """(commit, trigger, status) of all that Render was ever asked for, oldest first."""
        return [(made.commit, made.trigger, made.status) for made in self.at_render(service).deploys]

    def ends(self, commit: str, status: str, service: str = "api") -> None:
        """Deploys of this commit end like that, such as `build_failed`."""
        self.at_render(service).broken[commit] = status

    def deployed_by_hand(self, commit: str, service: str = "api") -> Made:
        """Somebody deploys it at Render's own page."""
        return self.render.deployed_by_hand(render_id(service, self.environment), commit)


@dataclass(frozen=True)
class VercelPlace(ProviderPlace):
    vercel: VercelStandIn

    def at_vercel(self, service: str = "api") -> Project:
        return self.vercel.projects[vercel_id(service)]

    def live_commit(self, service: str = "api") -> str | None:
        host = self.at_vercel(service)
        made = host.find(host.leads.get(vercel_domain(service, self.environment), ""))
        paused = host.paused and self.environment is Environment.PRODUCTION
        return made.commit if made and not paused else None

    def deployments(self, service: str = "api") -> list[tuple[str, str]]:
        """(commit, state) of all that Vercel was ever asked to build for it, oldest first."""
        target = "production" if self.environment is Environment.PRODUCTION else None
        return [(made.commit, made.state) for made in self.at_vercel(service).deployments if made.target == target]

    def ends(self, commit: str, state: str, service: str = "api") -> None:
        """Builds of this commit end like that, such as `ERROR`."""
        self.at_vercel(service).broken[commit] = state

    def moved_by_hand(self, commit: str, service: str = "api", kind: str = "promote") -> None:
        """Somebody promotes what was built of it, or rolls back to that, on Vercel's own page."""
        made = next(one for one in reversed(self.at_vercel(service).deployments) if one.commit == commit)
        self.vercel.promote_by_hand(vercel_id(service), made.id, kind)
