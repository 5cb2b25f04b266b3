"""Python environments kept per lock: made once, closed for writing, shared by all builds with that lock."""

import os
from pathlib import Path

from staging_gate.adapters.local import disk
from staging_gate.adapters.local.folders import hand_over, remove, seal
from staging_gate.adapters.local.layout import make_folder
from staging_gate.adapters.local.leftovers import end_leftovers
from staging_gate.adapters.local.locks import locked
from staging_gate.adapters.local.recipes import Kind, Recipe
from staging_gate.adapters.local.workshop import Job, Workshop


class Environments:
    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._folder = workshop.layout.environments

    def ensure(self, recipe: Recipe, checkout: Path, job: Job) -> Path:
        """The environment of this lock, made now if need be. Raises like Workshop.run."""
        key = recipe.environment_key(checkout, self._shop.interpreter)
        with locked(self.lock(key), cancelled=job.cancelled):
            if not self.is_complete(key):
                self._make(key, recipe, checkout, job)
            os.utime(self._marker(key))
        return self.path(key)

    def path(self, key: str) -> Path:
        return self._folder / key

    def lock(self, key: str) -> Path:
        return self._folder / f"{key}.lock"

    def is_complete(self, key: str) -> bool:
        return self._marker(key).exists() and self.path(key).is_dir()

    def remove(self, key: str) -> None:
        """The marker goes first: what is half removed is not complete. The caller holds the lock."""
        self._marker(key).unlink(missing_ok=True)
        remove(self.path(key))

    def _marker(self, key: str) -> Path:
        return self._folder / f"{key}.complete"

    def _make(self, key: str, recipe: Recipe, checkout: Path, job: Job) -> None:
        place = self.path(key)
        job = Job(job.what, str(place), job.log, job.within, job.cancelled)
        end_leftovers(job.mark)
        self.remove(key)
        try:
            with disk.explained(self._shop.layout.root):
                hand_over(make_folder(place), self._shop.account)
                self._install(place, recipe, checkout, job)
                seal(place)
                self._marker(key).touch()
        except BaseException:
            # Whatever stopped it, also an interrupt: no half environment stays.
            self.remove(key)
            raise

    def _install(self, place: Path, recipe: Recipe, checkout: Path, job: Job) -> None:
        uv = self._shop.uv()
        environ = {
            **self._shop.environ(job, place / "bin"),
            "VIRTUAL_ENV": str(place),
            "UV_PROJECT_ENVIRONMENT": str(place),
        }
        venv = (uv, "venv", "--quiet", "--no-project", "--python", self._shop.interpreter.path, str(place))
        self._shop.run(job, venv, checkout, environ)
        # The project itself is not installed: its code is imported from the folder that it runs in.
        without = ("--no-install-local",) if recipe.kind is Kind.UV_SYNC else ()
        self._shop.run(job, (uv, *recipe.argv[1:], *without), checkout, environ)
