"""A whole installation in this process, served on a free port: for tests of the API, the pages and the command line."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import uvicorn

from staging_gate.adapters.local.ports import free_port
from staging_gate.bootstrap.access import ACCESS_FILE
from staging_gate.bootstrap.house import House, open_house
from staging_gate.bootstrap.settings import Settings
from staging_gate.server.compose import compose
from staging_gate.testing.polling import eventually

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
    def repository(self) -> Path:
        return self.house.settings.state / "repository.git"

    def token_of(self, person: str) -> str:
        from staging_gate.domain.actor import SYSTEM, Actor
        from staging_gate.runbook import tokens

        return tokens.create(self.house.ports, person, Actor("admin", SYSTEM.kind, frozenset({"admin"})))[1]

    def commit(self, branch: str, files: Mapping[str, str], message: str = "feat: something", start: str = "") -> str:
        """Write a commit onto a branch of the repository, past the hook; returns its id. A new branch starts at `start`."""
        return commit_directly(self.repository, branch, files, message, start)


@contextmanager
def running_server(state: Path) -> Iterator[Served]:
    settings = Settings(state, port=free_port(), environment="staging")
    house = open_house(settings)
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


def commit_directly(repository: Path, branch: str, files: Mapping[str, str], message: str, start: str = "") -> str:
    """By plumbing, without a work tree: what somebody with the repository's folder could do behind our back."""

    def git(*arguments: str, given: str = "", index: str = "index") -> str:
        environ = {
            "GIT_DIR": str(repository),
            "GIT_INDEX_FILE": str(repository / f"{index}.test"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            **{f"GIT_{who}_{what}": "test@example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
        done = subprocess.run(["git", *arguments], env=environ, input=given, text=True, capture_output=True, check=True)
        return done.stdout.strip()

    heads = git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads").splitlines()
    tips = dict(line.split() for line in heads)
    parent = tips.get(branch) or tips.get(start, "")
    git("read-tree", parent or "--empty")
    for path, text in files.items():
        blob = git("hash-object", "-w", "--stdin", given=text)
        git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    parents = ["-p", parent] if parent else []
    commit = git("commit-tree", git("write-tree"), *parents, "-m", message)
    git("update-ref", f"refs/heads/{branch}", commit)
    return commit
