"""What a careful person writes in an afternoon: checkout, kept environment, start, two right answers, rename.

The limit for everything that keeps a record besides. It builds, starts, proves and switches as Staging Gate does, in
front of it is the same Caddy with the same configuration, and it has neither a gate nor a memory.
"""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from bench.machine import Broke, free_port, git, launch, make_environment, settle
from bench.releases import Product, Release
from staging_gate.adapters.local import caddy
from staging_gate.testing import eventually

BETWEEN_PROBES = 0.01
READY_WITHIN = 20.0


class PlainScript:
    name = "plain script"

    def __init__(self, folder: Path, product: Product) -> None:
        self._product = product
        self._folder = folder
        self._running: list[tuple[subprocess.Popen[bytes], int]] = []
        for name in ("releases", "environments"):
            (folder / name).mkdir(parents=True)
        git("init", "--quiet", "--bare", folder / "repository.git")
        self._caddy, self.address = self._start_proxy()

    def prepare(self, release: Release) -> None:
        self._product.push(release, self._folder / "repository.git", "staging")

    def deploy(self, release: Release) -> None:
        checkout = self._folder / "releases" / release.name
        git(
            "--git-dir",
            self._folder / "repository.git",
            "worktree",
            "add",
            "--quiet",
            "--detach",
            checkout,
            release.commit,
        )
        (checkout / ".venv").symlink_to(self._environment(checkout / "requirements.lock"))
        port = free_port()
        uvicorn = ["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
        told = {"ENVIRONMENT": "staging", "REVISION": release.commit}
        process = launch([str(checkout / ".venv/bin/python"), *uvicorn], checkout, self._folder / "log", **told)
        self._running.append((process, port))
        self._wait_until_ready(process, port, release.commit)
        point(self._folder / "proxy" / caddy.CURRENT, port)

    def finish(self) -> None:
        """The previous release stays warm; older ones go."""
        while len(self._running) > 2:
            process, _ = self._running.pop(0)
            process.terminate()
            process.wait()
        settle()

    def probe_and_rename(self) -> None:
        """All that going back to a warm release takes: one right answer and the rename."""
        _, port = self._running[-1]
        if revision_on(port) is None:
            raise Broke("The warm release of the plain script does not answer.")
        point(self._folder / "proxy" / caddy.CURRENT, port)

    def close(self) -> None:
        for process in (*(one for one, _ in self._running), self._caddy):
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _environment(self, lock: Path) -> Path:
        kept = self._folder / "environments" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
        if not kept.exists():
            make_environment(kept, lock)
        return kept

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]", port: int, commit: str) -> None:
        limit = time.monotonic() + READY_WITHIN
        right = 0
        while right < 2:
            right = right + 1 if revision_on(port) == commit else 0
            if process.poll() is not None or time.monotonic() > limit:
                raise Broke("A release of the plain script did not come up.")
            if not right:
                time.sleep(BETWEEN_PROBES)

    def _start_proxy(self) -> "tuple[subprocess.Popen[bytes], str]":
        place, port = self._folder / "proxy", free_port()
        place.mkdir()
        (place / caddy.CURRENT).write_text(caddy.CLOSED)
        (place / caddy.CONFIG).write_text(caddy.config("staging.plain").replace("fd/3", f"127.0.0.1:{port}"))
        homes = {name: str(place) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        with (place / "proxy.log").open("ab") as log:
            proxy = subprocess.Popen(
                [caddy.program(), "run", "--config", caddy.CONFIG], cwd=place, env=homes, stderr=log
            )
        eventually(lambda: caddy.answers(place))
        return proxy, f"http://127.0.0.1:{port}"


def revision_on(port: int) -> str | None:
    """One health probe: the revision of a healthy answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        body = json.loads(answer.read())
        return str(body["revision"]) if answer.status == 200 and body["status"] == "healthy" else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def point(file: Path, port: int) -> None:
    """The rename that is the whole switch."""
    new = file.with_suffix(".new")
    new.write_text(f"127.0.0.1:{port}")
    os.replace(new, file)
