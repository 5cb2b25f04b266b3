"""What a tree is built into, kept by tree and recipe: made once, at its final path, and never written again."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from staging_gate.adapters.local import disk
from staging_gate.adapters.local.checkout import Mirror
from staging_gate.adapters.local.environments import Environments
from staging_gate.adapters.local.folders import hand_over, remove, seal
from staging_gate.adapters.local.layout import a_name, make_folder
from staging_gate.adapters.local.leftovers import end_leftovers
from staging_gate.adapters.local.locks import locked
from staging_gate.adapters.local.recipes import BuildFailed, Kind, Recipe, recognise
from staging_gate.adapters.local.waiting import Limit
from staging_gate.adapters.local.workshop import Job, Workshop
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Service
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import Unavailable
from staging_gate.wire.commands import stream

VENV = ".venv"

LEAST_TO_COMPILE = 100_000
"""Bytes of Python: less is compiled at a start in the time that a compiler of its own needs to come up (25 ms)."""


@dataclass(frozen=True)
class Build:
    """`seconds` is None when it was kept from an earlier order."""

    key: str
    path: Path
    seconds: float | None = None

    @property
    def programs(self) -> Path:
        """Where the programs of its environment are; the folder need not exist."""
        return self.path / VENV / "bin"

    @property
    def environment(self) -> str | None:
        """The key of the environment that it shares with other builds."""
        link = self.path / VENV
        return link.readlink().name if link.is_symlink() else None


class Builds:
    def __init__(self, workshop: Workshop, mirror: Mirror, environments: Environments) -> None:
        self._shop = workshop
        self._mirror = mirror
        self._environments = environments
        self._folder = workshop.layout.builds

    def ensure(self, revision: Revision, service: Service, log: str, cancelled: Cancelled) -> Build:
        """The build of this tree for this service: the kept one, else made now, by one of all who ask at once.

        Raises BuildFailed where the project's build does, Unavailable where our side does, Stopped when cancelled.
        """
        key = self.key(revision.tree, service)
        with locked(self.lock(key), cancelled=cancelled):
            build = self.kept(key) or self._make(key, revision, service, log, cancelled)
            os.utime(self._marker(key))
        return build

    def find(self, tree: str, service: Service) -> Build:
        """The kept build. Raises Unavailable when it is not there (any more)."""
        if build := self.kept(self.key(tree, service)):
            return build
        raise Unavailable(f"There is no build of {service.name} for the tree {tree[:10]}: it has to be built first.")

    def kept(self, key: str) -> Build | None:
        build = Build(key, self._folder / key)
        whole = self._marker(key).exists() and build.path.is_dir()
        return build if whole and self._has_its_environment(build) else None

    @contextmanager
    def in_use(self, build: Build) -> Iterator[None]:
        """Keep it from being removed meanwhile."""
        with locked(self.lock(build.key), shared=True):
            yield

    def key(self, tree: str, service: Service) -> str:
        return f"{a_name(tree)}-{recognise(service.build).key(self._shop.interpreter)}"

    def lock(self, key: str) -> Path:
        return self._folder / f"{key}.lock"

    def remove(self, key: str) -> None:
        """The marker goes first: what is half removed is not complete. The caller holds the lock."""
        self._marker(key).unlink(missing_ok=True)
        remove(self._folder / key)

    def _marker(self, key: str) -> Path:
        return self._folder / f"{key}.complete"

    def _has_its_environment(self, build: Build) -> bool:
        environment = build.environment
        return environment is None or self._environments.is_complete(environment)

    def _make(self, key: str, revision: Revision, service: Service, log: str, cancelled: Cancelled) -> Build:
        limit = Limit()
        job = Job(f"the build of {service.name}", str(self._folder / key), log, service.build_within, cancelled)
        place = self._folder / key
        if os.path.lexists(place):
            # Nobody is at it but somebody was: commands that outlived a killed attempt would go on writing here.
            end_leftovers(job.mark)
        self.remove(key)
        make_folder(self._folder)
        try:
            with disk.explained(self._shop.layout.root):
                self._mirror.check_out(revision, place, job.mark, lambda text: self._shop.logs.append(log, text))
                self._follow(recognise(service.build), place, job)
                seal(place)
                self._marker(key).touch()
        except BaseException:
            # Whatever stopped it, also an interrupt: no half build stays.
            self.remove(key)
            raise
        return Build(key, place, limit.spent)

    def _follow(self, recipe: Recipe, place: Path, job: Job) -> None:
        if recipe.shares_environment:
            if os.path.lexists(place / VENV):
                raise BuildFailed(
                    f"The tree contains {VENV}, where the environment of the build belongs: remove it from git."
                )
            (place / VENV).symlink_to(self._environments.ensure(recipe, place, job))
        # Whatever runs in it now is not ours, so from here it runs as another: a tree may hold links to anywhere.
        hand_over(place, self._shop.account)
        if recipe.kind is Kind.COMMAND:
            try:
                self._shop.run(job, recipe.argv, place, self._shop.environ(job, place / VENV / "bin"))
            finally:
                end_leftovers(job.mark)
        self._compile(place, job)

    def _compile(self, place: Path, job: Job) -> None:
        """Bytecode beside the code: nothing can be written here later, and every start would compile it again."""
        if _bytes_of_python(place) > LEAST_TO_COMPILE:
            skipped = rf"/({re.escape(VENV)}|node_modules)/"
            argv = [self._shop.interpreter.path, "-I", "-S", "-m", "compileall", "-qq", "-x", skipped, str(place)]
            environ = self._shop.environ(job)
            # A file that does not compile is none of our affair here: whoever imports it will hear about it.
            stream(argv, environ=environ, cwd=place, within=300, output=lambda _: None, account=self._shop.account)


def _bytes_of_python(place: Path) -> int:
    files = (os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names)
    return sum(os.lstat(file).st_size for file in files if file.endswith(".py"))
