"""Real repositories for tests: commits without a working copy, working copies, and the bridge on a real server."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from staging_gate.adapters.git import GitBridge, GitCodeHost
from staging_gate.domain.actor import Actor
from staging_gate.ports.pushes import RefUpdate
from staging_gate.testing import eventually

ENVIRON = {
    "PATH": os.environ["PATH"],
    "LC_ALL": "C",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


def git(place: Path, *arguments: str, given: str | bytes = b"", check: bool = True) -> str:
    """Git as a person would call it, in a folder; returns what it printed."""
    done = subprocess.run(
        ["git", "-C", str(place), *arguments],
        input=given.encode() if isinstance(given, str) else given,
        capture_output=True,
        env=ENVIRON,
        timeout=60,
    )
    if check and done.returncode:
        raise AssertionError(f"git {arguments}: {done.stderr.decode()}")
    return done.stdout.decode(errors="replace").strip()


def commit(
    bare: Path,
    branch: str,
    files: Mapping[str, str | None],
    message: str = "work",
    parent: str | None = None,
    seconds: int = 1_700_000_000,
) -> str:
    """Commit files straight into a bare repository (None deletes one), past its hooks; returns the commit."""
    ref = f"refs/heads/{branch}"
    known = git(bare, "rev-parse", "--verify", "--quiet", parent or ref, check=False)
    lines = [f"commit {ref}", f"committer Ada <ada@example.com> {seconds} +0000", _data(message)]
    lines += [f"from {known}"] if known else []
    for path, text in files.items():
        lines += [f"D {path}"] if text is None else [f"M 100644 inline {path}", _data(text)]
    git(bare, "fast-import", "--quiet", "--force", given="\n".join(lines) + "\n")
    return git(bare, "rev-parse", ref)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


@dataclass(frozen=True)
class Said:
    """How a command of git ended."""

    code: int
    text: str


@dataclass
class Served:
    """A repository behind the bridge on a real server; its judge protects staging, main and the release tags."""

    host: GitCodeHost
    address: str
    folder: Path
    received: list[tuple[str, tuple[RefUpdate, ...]]] = field(default_factory=list)
    judged: list[tuple[RefUpdate, ...]] = field(default_factory=list)
    while_judging: Callable[[], object] = lambda: None

    def url(self, user: str = "ada", token: str = "right") -> str:
        return self.address.replace("http://", f"http://{user}:{token}@") + "/marketedge.git"

    def clone(self, name: str = "copy", user: str = "ada") -> "Copy":
        copy = Copy(self.folder / name)
        git(self.folder, "clone", "--quiet", self.url(user), str(copy.path))
        return copy

    def judge(self, actor: Actor, updates: tuple[RefUpdate, ...]) -> list[str]:
        self.judged.append(updates)
        self.while_judging()
        return [
            f"{update.ref} is protected, {actor.name}. Open a change: gate change open"
            for update in updates
            if update.branch in ("staging", "main") or (update.tag or "").startswith("v")
        ]


@dataclass(frozen=True)
class Copy:
    """A person's clone."""

    path: Path

    def git(self, *arguments: str) -> str:
        return git(self.path, *arguments)

    def commit(self, message: str = "work", **files: str | bytes) -> str:
        for name, content in files.items():
            (self.path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *arguments: str) -> Said:
        done = subprocess.run(
            ["git", "-C", str(self.path), "push", "--porcelain", *arguments],
            capture_output=True,
            env=ENVIRON,
            timeout=60,
        )
        return Said(done.returncode, (done.stdout + done.stderr).decode(errors="replace"))


def authenticate(user: str, token: str) -> Actor | None:
    return Actor(user) if token == "right" else None


@contextlib.contextmanager
def serve(folder: Path, **limits: int | timedelta) -> Iterator[Served]:
    host = GitCodeHost.create(folder / "server" / "market edge.git")
    served = Served(host, "", folder)
    bridge = GitBridge(
        host.path,
        "marketedge",
        authenticate=authenticate,
        judge=served.judge,
        received=lambda actor, updates: served.received.append((actor.name, updates)),
        **limits,  # type: ignore[arg-type]
    )
    app = FastAPI()
    app.mount("/git", bridge)
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        served.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/git"
        yield served
    finally:
        server.should_exit = True
        thread.join()
        host.close()
