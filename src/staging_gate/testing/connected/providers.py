"""The providers as the stories have them: they go on where they were when a world is put aside and opened again."""

import threading
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from staging_gate.adapters.git import GitCodeHost
from staging_gate.domain.environment import Environment
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.connected.policies import render_id, vercel_domain, vercel_id
from staging_gate.testing.fakes import Outsides
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.render import RenderStandIn
from staging_gate.testing.vercel import VercelStandIn
from staging_gate.testing.web import WebServer

TOKEN = "ghp_ofthestoriesandnobodyelse"
SERVICES = ("api", "web")
OUTSIDE = "outside"
NOT_REMEMBERED = (MovableClock, WebServer, GitCodeHost, type(threading.RLock()), type(threading.Lock()))


@dataclass
class Providers:
    """The stand-ins, served while this is open. The repository at GitHub is below `folder`."""

    github: GitHubStandIn
    render: RenderStandIn
    vercel: VercelStandIn
    _stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, folder: Path, clock: MovableClock, before: "Providers | None" = None) -> "Providers":
        """`before`: they remember all that those did, whose folder was copied to this one."""
        found = cls(GitHubStandIn(folder / OUTSIDE, clock), RenderStandIn(clock), VercelStandIn(clock))
        if before is None:
            found.github.grant("gate[bot]", TOKEN, is_bot=True)
            for service in SERVICES:
                for environment in Environment:
                    found.render.host(render_id(service, environment))
                domain = vercel_domain(service, Environment.PRODUCTION)
                found.vercel.host(vercel_id(service), f"{service}.vercel.app", domain)
        else:
            _remember(found.github, before.github)
            _remember(found.render, before.render)
            _remember(found.vercel, before.vercel)
        found._stack.enter_context(found.github.running())
        found._stack.enter_context(found.render)
        found._stack.enter_context(found.vercel)
        return found

    def close(self) -> None:
        self._stack.close()


@dataclass
class ConnectedOutsides(Outsides):
    """`providers` are those of the world that has these; a copy is for one that goes on from there."""

    providers: Providers | None = None


def _remember(new: object, old: object) -> None:
    """What the stories did there. What belongs to one server stays with it."""
    known = {name: value for name, value in vars(old).items() if not _is_its_own(value)}
    vars(new).update(deepcopy(known))


def _is_its_own(value: object) -> bool:
    return isinstance(value, NOT_REMEMBERED) or callable(value)
