"""Removing builds and environments that nobody needs any more; what is in use at this moment is never touched."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from staging_gate.adapters.local.builds import Build, Builds
from staging_gate.adapters.local.environments import Environments
from staging_gate.adapters.local.folders import remove
from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.locks import locked_for_removal
from staging_gate.adapters.local.places import all_places


@dataclass(frozen=True)
class Pruning:
    """`keep` more than those which places need are kept: the last used."""

    layout: Layout
    builds: Builds
    environments: Environments
    keep: int = 5

    def prune(self) -> None:
        needed = {place.build for place in all_places(self.layout)}
        for key in _spare(self.layout.builds, needed, self.keep):
            with locked_for_removal(self.builds.lock(key)) as ours:
                if ours:
                    self.builds.remove(key)
        linked = {Build(key, self.layout.builds / key).environment for key in _last_used_first(self.layout.builds)}
        for key in _spare(self.layout.environments, linked, self.keep):
            with locked_for_removal(self.environments.lock(key)) as ours:
                if ours:
                    self.environments.remove(key)
        # What a check left whose controller was killed, and that nobody ran again.
        for lock in self.layout.scratch.glob("*.lock"):
            with locked_for_removal(lock) as ours:
                if ours:
                    remove(lock.with_suffix(""))


def _spare(folder: Path, needed: set[str | None] | set[str], keep: int) -> list[str]:
    return [key for key in _last_used_first(folder) if key not in needed][keep:]


def _last_used_first(folder: Path) -> list[str]:
    """The keys of all complete ones. One that is being made has no marker yet and is left alone."""
    used: dict[str, float] = {}
    for marker in folder.glob("*.complete"):
        # Another one may be pruning as well.
        with contextlib.suppress(FileNotFoundError):
            used[marker.stem] = marker.stat().st_mtime
    return sorted(used, key=lambda key: used[key], reverse=True)
