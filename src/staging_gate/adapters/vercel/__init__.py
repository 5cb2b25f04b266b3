"""Projects at Vercel: built by commit without traffic, proved, promoted, and brought back by its instant rollback."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from staging_gate.adapters.vercel.api import BASE, Token, provider
from staging_gate.adapters.vercel.examining import Examined
from staging_gate.adapters.vercel.target import VercelTarget
from staging_gate.ports.clock import Clock
from staging_gate.wire.http import Http

__all__ = ["BASE", "Examined", "Settings", "VercelTarget", "connect"]


def _plain(reference: str) -> str | None:
    """Nothing is a reference."""
    return None


@dataclass(frozen=True)
class Settings:
    """`key` is an access token that may deploy the projects (empty: none is set up), `state` a folder of ours.
    `read` gives what a reference such as `env:NAME` leads to, None for other text."""

    key: str = field(repr=False)
    state: Path
    base: str = BASE
    read: Callable[[str], str | None] = _plain


def connect(settings: Settings, clock: Clock) -> VercelTarget:
    http = Http(provider(), settings.base, clock, credentials=Token(settings.key)) if settings.key else None
    return VercelTarget(http, settings.state, clock, settings.read)
