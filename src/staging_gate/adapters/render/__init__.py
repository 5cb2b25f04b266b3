"""Services at Render: deployed by commit, brought back by Render's own rollback."""

from dataclasses import dataclass, field
from pathlib import Path

from staging_gate.adapters.render.api import BASE, RenderApi
from staging_gate.adapters.render.examining import Examined
from staging_gate.adapters.render.target import RenderTarget
from staging_gate.ports.clock import Clock
from staging_gate.wire.hosted import Read, plain

__all__ = ["BASE", "Examined", "RenderApi", "RenderTarget", "Settings", "connect"]


@dataclass(frozen=True)
class Settings:
    """`key` is an API key of an account that may deploy the services (empty: none is set up), `state` a folder of
    ours. `read` gives what a reference such as `env:NAME` leads to, None for other text."""

    key: str = field(repr=False)
    state: Path
    base: str = BASE
    read: Read = plain


def connect(settings: Settings, clock: Clock) -> RenderTarget:
    api = RenderApi(settings.key, clock, settings.base) if settings.key else None
    return RenderTarget(api, settings.state, clock, settings.read)
