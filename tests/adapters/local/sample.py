"""A small product in a real repository, and the local target that deploys it."""

import http.client
import json
import os
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from staging_gate.adapters.local import Local, Settings, connect, processes
from staging_gate.adapters.local.accounts import interpreter_for
from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.ports import free_port
from staging_gate.adapters.local.processes import Process, adopt
from staging_gate.adapters.schema import Keeper
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Health, Service, Target
from staging_gate.ports.deploy_target import Order, Ready

SERVICE = Path(__file__).with_name("sample_service.py")
EARLY = "change-7"
"""The key of an order whose deployment is not there yet."""
GIT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{what}": "ada@zebra.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@dataclass
class Repository:
    """A repository with the sample service in it."""

    path: Path
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.git("init", "--quiet", "--initial-branch", "main", str(self.path))
        self.files["service.py"] = SERVICE.read_text()
        self.files["settings.json"] = "{}"

    def commit(self, settings: Mapping[str, object] | None = None, **files: str) -> Revision:
        """A new revision; `settings` say how the service behaves in it, `files` are added (`__` stands for a dot)."""
        if settings is not None:
            self.files["settings.json"] = json.dumps(settings)
        self.files |= {name.replace("__", "."): content for name, content in files.items()}
        return self.commit_files({})

    def commit_files(self, files: Mapping[str, str]) -> Revision:
        self.files |= files
        for name, content in self.files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change it")
        return self.revision("HEAD")

    def revision(self, name: str) -> Revision:
        return Revision(self.git("rev-parse", name), self.git("rev-parse", f"{name}^{{tree}}"))

    def git(self, *arguments: str) -> str:
        self.path.mkdir(exist_ok=True)
        ran = subprocess.run(["git", *arguments], cwd=self.path, env=GIT, capture_output=True, check=True, text=True)
        return ran.stdout.strip()


def service(**changes: object) -> Service:
    """The sample service as gate.yaml would describe it."""
    base = Service(
        name="api",
        run=("python3", "-S", "service.py", "$PORT"),
        health=Health(within=timedelta(seconds=10)),
        targets={},
        stop_within=timedelta(seconds=5),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class World:
    """One installation. `restarted()` is what a killed controller leaves."""

    local: Local
    settings: Settings
    repository: Repository
    port: int
    sister_port: int

    @property
    def layout(self) -> Layout:
        return Layout(self.settings.state)

    def restarted(self) -> "World":
        """As after a SIGKILL: everything that is only in memory is gone."""
        return replace(self, local=_connected(self.settings, self.repository))

    def order(self, revision: Revision, deployment: str = "staging-1", **changes: object) -> Order:
        order = Order(deployment, Environment.STAGING, service(), Target("local", self.port), revision)
        return replace(order, **changes)  # type: ignore[arg-type]

    def candidate(self, order: Order) -> Ready:
        """Everything up to the switch."""
        self.local.target.build(order, f"{order.deployment}/build-{order.service.name}", never)
        self.local.target.start(order)
        return self.local.target.wait_until_ready(order, never)

    def deploy(self, order: Order) -> Ready:
        ready = self.candidate(order)
        self.local.target.switch(order)
        return ready

    def start_early(self, *orders: Order) -> None:
        """Before their deployment is there; all that comes of it has come when this returns."""
        self.local.target.get_ready([replace(order, deployment=EARLY) for order in orders], start=True)
        for thread in threading.enumerate():
            if thread.name == "get ready":
                thread.join()

    def live(self, order: Order) -> str | None:
        return self.local.target.live(order.environment, order.service, order.target).deployment

    def log(self, ref: str) -> str:
        return self.local.logs.read(ref)[0]

    def processes(self) -> list[Process]:
        """All services that run now."""
        states = self.settings.state.glob("places/*/processes/*/process.json")
        return [process for state in states if (process := adopt(state))]

    def end(self) -> None:
        for process in self.processes():
            process.stop(within=0)
        self.local.proxy.stop()
        processes.dismiss()


def a_world(state: Path, repository: Repository, **changes: object) -> World:
    settings = replace(Settings(state, interpreter_for(None)), **changes)  # type: ignore[arg-type]
    return World(_connected(settings, repository), settings, repository, free_port(), free_port())


def _connected(settings: Settings, repository: Repository) -> Local:
    return connect(settings, lambda: str(repository.path), keeper=Keeper())


def get(address: str, path: str = "/health", within: float = 10.0) -> tuple[int, dict[str, Any]]:
    """Status and JSON of one strict request; a closed route has no JSON."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=within)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return response.status, json.loads(body) if body.startswith(b"{") else {}
    finally:
        connection.close()


def never() -> bool:
    return False
