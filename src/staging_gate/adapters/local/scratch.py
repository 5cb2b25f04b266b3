"""Folders for one piece of work alone: what an earlier run left in one is ended and removed, and so is what it leaves.

<scratch>/<name>/processes/<service>/process.json    services that run for it
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from staging_gate.adapters.local import disk, processes
from staging_gate.adapters.local.builds import Build, Builds
from staging_gate.adapters.local.environ import tool_environ
from staging_gate.adapters.local.folders import hand_over, remove, unseal
from staging_gate.adapters.local.layout import Layout, make_folder
from staging_gate.adapters.local.leftovers import MARK, end_leftovers_below
from staging_gate.adapters.local.locks import locked, locked_for_removal
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import Unavailable
from staging_gate.wire.commands import Account, capture

HOME = "home"


@dataclass(frozen=True)
class Scratch:
    """`account` is whom the work is done by; None is ourselves."""

    layout: Layout
    builds: Builds
    account: Account | None

    @contextmanager
    def folder(self, name: str, cancelled: Cancelled) -> Iterator[Path]:
        """Whoever asks for the same name waits for his turn. Raises Stopped when `cancelled` turns true meanwhile."""
        folder, lock = self.layout.scratch / name, self._lock(name)
        try:
            with locked(lock, cancelled=cancelled), disk.explained(self.layout.root):
                _clear(folder)
                yield make_folder(folder)
        finally:
            with locked_for_removal(lock) as ours:
                if ours:
                    _clear(folder)

    def sweep(self) -> None:
        """End and remove what was left when we were killed, and nobody works on now."""
        for lock in self.layout.scratch.glob("*.lock"):
            with locked_for_removal(lock) as ours:
                if ours:
                    _clear(lock.with_suffix(""))

    def copy(self, build: Build, copy: Path) -> Path:
        """A copy that the work may write into; its environment stays the shared one."""
        with self.builds.in_use(build):
            argv = ["cp", "-a", "--reflink=auto", "--", str(build.path), str(copy)]
            copied = capture(argv, environ={**tool_environ(copy), MARK: str(copy.with_name(HOME))})
        if copied.code:
            said = copied.err.decode(errors="replace")
            raise disk.full(self.layout.root, said) if disk.says_full(said) else Unavailable("Copying failed.", said)
        unseal(copy)
        hand_over(copy, self.account)
        return copy

    def _lock(self, name: str) -> Path:
        return self.layout.scratch / f"{name}.lock"


def _clear(folder: Path) -> None:
    for state in folder.glob("processes/*/process.json"):
        if process := processes.find(state):
            process.stop(within=0)
    end_leftovers_below(folder)
    remove(folder)
