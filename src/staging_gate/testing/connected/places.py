"""An environment at Render in the words of a story."""

from dataclasses import dataclass

from staging_gate.testing.connected.policies import render_id
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.places import FakePlace
from staging_gate.testing.render import RenderStandIn
from staging_gate.testing.render.render import Hosted, Made


@dataclass(frozen=True)
class RenderPlace(FakePlace):
    """Its smoke tests are fake, its services are at the stand-in."""

    render: RenderStandIn
    github: GitHubStandIn

    def live(self, service: str = "api") -> str | None:
        """By its release where it is one."""
        commit = self.live_commit(service)
        tags = self.github.host.tags().values()
        return next((tag.name for tag in tags if tag.commit == commit), commit)

    def at_render(self, service: str = "api") -> Hosted:
        return self.render.services[render_id(service, self.environment)]

    def live_commit(self, service: str = "api") -> str | None:
        """What Render serves; None where it is suspended, or nothing was ever deployed."""
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
