"""A whole installation in this process, served on a free port: for tests of the API, the pages and the command line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn

from staging_gate.adapters.local.ports import free_port
from staging_gate.bootstrap.access import ACCESS_FILE
from staging_gate.bootstrap.adapters import REPOSITORY
from staging_gate.bootstrap.house import House, open_house
from staging_gate.bootstrap.settings import Settings
from staging_gate.domain.actor import Actor
from staging_gate.runbook import sessions, tokens
from staging_gate.server.api.house import COOKIE
from staging_gate.server.compose import compose
from staging_gate.testing.clock import SetClock
from staging_gate.testing.polling import eventually
from staging_gate.testing.repository import Files, Repository

POLICY = """\
product: shop
repository: {git: local}
services:
  site:
    run: python -m http.server $PORT
    targets:
      staging: {local: {port: 8081}}
      production: {local: {port: 8080}}
flow:
  staging: {branch: staging, checks: [], approvals: {review: 1}}
  production: {branch: main, from: staging, requires: [verified_in_staging], approvals: {tech_lead: 1}}
people: {ada: ada@shop.example, ben: ben@shop.example, tess: tess@shop.example}
roles: {tech_lead: [tess]}
"""


@dataclass(frozen=True)
class Served:
    """`token` is the administrator's."""

    address: str
    token: str
    house: House

    @property
    def cookie(self) -> str:
        """The administrator's session, as a browser sends it."""
        return f"{COOKIE}={sessions.begin(self.house.ports, self.token)}"

    def token_of(self, person: str) -> str:
        return tokens.create(self.house.ports, person, Actor("admin", roles=frozenset({"admin"})))[1]

    def commit(self, branch: str, files: Files, message: str = "feat: something", start: str = "") -> str:
        """Put a commit on a branch, past the hook; returns its id. A new branch starts at the branch `start`."""
        host = self.house.ports.code_host
        repository = Repository(self.house.settings.state / REPOSITORY)
        tip = host.revision(branch) or (host.revision(start) if start else None)
        at = self.house.ports.clock.now()
        commit = repository.commit(tip.commit if tip else None, files, message, "ada", at)
        repository.move(f"refs/heads/{branch}", commit)
        return commit


@contextmanager
def running_server(state: Path, begins: datetime | None = None, /, **more: Any) -> Iterator[Served]:
    """`begins` is what its clock shows at first, else the real time; `more` are settings besides."""
    settings = Settings(state, port=free_port(), environment="staging", **more)
    house = open_house(settings, SetClock(begins) if begins else None)
    house.start()
    config = uvicorn.Config(compose(house), port=settings.port, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        token = json.loads((state / ACCESS_FILE).read_text())["token"]
        yield Served(settings.address, token, house)
    finally:
        server.should_exit = True
        house.close()
        thread.join()
