"""Projects at Vercel: built by commit without traffic, proved, promoted, and brought back by its instant rollback."""

from dataclasses import dataclass, field
from pathlib import Path

from staging_gate.adapters.vercel.api import BASE, provider
from staging_gate.adapters.vercel.examining import Examined
from staging_gate.adapters.vercel.target import VercelTarget
from staging_gate.ports.clock import Clock
from staging_gate.wire.hosted import Read, plain
from staging_gate.wire.http import Bearer, Http

__all__ = ["BASE", "Examined", "Settings", "VercelTarget", "connect"]


@dataclass(frozen=True)
class Settings:
    """`key` is an access token that may deploy the projects (empty: none is set up), `state` a folder of ours.
    `read` gives what a reference such as `env:NAME` leads to, None for other text."""

    key: str = field(repr=False)
    state: Path
    base: str = BASE
    read: Read = plain


def connect(settings: Settings, clock: Clock) -> VercelTarget:
    http = Http(provider(), settings.base, clock, credentials=Bearer(settings.key)) if settings.key else None
    return VercelTarget(http, settings.state, clock, settings.read)
