"""Staging Gate itself, as a team uses it: its server, its API, its git. Nothing in it knows that it is measured."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.machine import Broke, free_port, settle
from bench.releases import Product, Release
from staging_gate.testing import eventually
from staging_gate.wire.api import Api


class StagingGate:
    """Deploys to its staging environment by merging a change."""

    name = "Staging Gate"

    def __init__(self, folder: Path, product: Product, staging_port: int) -> None:
        self.address = f"http://127.0.0.1:{staging_port}"
        self.last: dict[str, Any] = {}
        self._product = product
        self._change = 0
        self._environ = _environ(folder)
        self._log = folder.with_suffix(".log")
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(_command("up"), env=self._environ, stdout=log, stderr=log)
        access = eventually(lambda: self._access(folder / "access.json"), within=60)
        self._token = access["token"]
        self._api = Api(access["address"], self._token)
        self._git = f"{access['address'].replace('//', f'//admin:{self._token}@')}/git/product.git"
        self._import(product.release())

    def prepare(self, release: Release) -> None:
        """Everything up to the merge."""
        branch = f"feature/{release.name}"
        self._product.push(release, self._git, branch)
        opened = self._api.post("/changes", source=branch, target="staging")
        self._change = opened["number"]

    def approve(self) -> None:
        """As the tech lead, whom a change of services or smoke tests needs."""
        token = self._api.post("/tokens", person="tess")["secret"]
        Api(self._api.address, token).post(f"/changes/{self._change}/approve", role="tech_lead")

    def deploy(self, release: Release) -> None:
        merged = self._api.post(f"/changes/{self._change}/merge")
        self.last = {"id": merged["deployments"][0]}

    def finish(self) -> None:
        """Until the deployment has ended; `last` is its record then."""
        self._follow(self.last["id"])
        settle()

    def ended(self, state: str) -> float:
        """When the last deployment got its verdict, in seconds since 1970; raises Broke where it is another one."""
        if self.last["state"] != state:
            raise Broke(f"{self.last['id']} should be {state} and {self.last['state']}: {self.last['failure']}")
        return datetime.fromisoformat(self.last["ended_at"]).timestamp()

    def close(self) -> None:
        self._server.terminate()
        self._server.wait()
        subprocess.run(_command("down"), env=self._environ, stdout=subprocess.DEVNULL, check=True)

    def _import(self, first: Release) -> None:
        for branch in ("main", "staging"):
            self._product.push(first, self._git, branch)
        self._follow(self._api.post("/redeploy", environment="staging")["id"])
        if self.last["state"] != "succeeded":
            raise Broke(f"The first deployment {self.last['state']}: {self.last['failure']} {self.last['evidence']}")

    def _follow(self, id: str) -> None:
        for shown in self._api.lines(f"/deployments/{id}/follow"):
            self.last = shown["deployment"]

    def _access(self, file: Path) -> Any:
        if self._server.poll() is not None:
            raise Broke(f"The server did not come up: {self._log.read_text()[-2000:]}")
        access = json.loads(file.read_text()) if file.exists() else None
        return access if access and "is up at" in self._log.read_text() else None


def _command(verb: str) -> list[str]:
    return [sys.executable, "-P", "-m", "staging_gate", verb]


def _environ(state: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, "GATE_STATE": str(state), "GATE_PORT": str(free_port())}
