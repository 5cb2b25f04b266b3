"""The fastest peer on one machine: gunicorn, and a git hook that checks out, syncs and sends HUP.

It has no gate, so whatever is pushed goes live, and no proxy in front, which favours it.
"""

import os
import signal
from pathlib import Path

from bench.machine import free_port, git, launch, make_environment, settle, sync
from bench.releases import Product, Release
from staging_gate.testing import eventually
from staging_gate.testing.strict_client import StrictClient

OPTIONS = ("--workers=2", "--worker-class=uvicorn_worker.UvicornWorker", "--worker-tmp-dir=/dev/shm")


class GunicornReload:
    name = "gunicorn HUP"

    def __init__(self, folder: Path, product: Product) -> None:
        self._product = product
        self._folder = folder
        self._code = folder / "code"
        self._environment = folder / "environment"
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        git("init", "--quiet", self._code)
        first = product.release()
        self.prepare(first)
        self._check_out(first)
        make_environment(self._environment, self._code / "requirements.lock")
        program = [str(self._environment / "bin/python"), "-m", "gunicorn", *OPTIONS, "--bind", f"127.0.0.1:{port}"]
        self._master = launch([*program, "app:app"], self._code, folder / "log", ENVIRONMENT="staging")
        with StrictClient(self.address) as client:
            eventually(lambda: client.first(first.name))

    def prepare(self, release: Release) -> None:
        self._product.push(release, self._code, "incoming")

    def deploy(self, release: Release) -> None:
        self._check_out(release)
        sync(self._environment, self._code / "requirements.lock")
        os.kill(self._master.pid, signal.SIGHUP)

    def finish(self) -> None:
        settle()

    def close(self) -> None:
        os.killpg(self._master.pid, signal.SIGKILL)
        self._master.wait()

    def _check_out(self, release: Release) -> None:
        git("checkout", "--quiet", "--force", "--detach", release.commit, cwd=self._code)
