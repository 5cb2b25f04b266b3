"""The product of the benchmark: one git repository, one commit for each release, each on top of the one before."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.machine import git

TEMPLATE = Path(__file__).parent / "product"
FILES = ("app.py", "smoke.py", "requirements.lock")


@dataclass(frozen=True)
class Release:
    """`name` is what the service answers in its header `x-revision`. `fault` says how it misbehaves, if it does."""

    name: str
    commit: str
    fault: str = ""


class Product:
    def __init__(self, folder: Path, staging_port: int, production_port: int) -> None:
        self.folder = folder
        self._ports = {"STAGING_PORT": str(staging_port), "PRODUCTION_PORT": str(production_port)}
        self._count = 0
        folder.mkdir()
        git("init", "--quiet", "--initial-branch=main", cwd=folder)
        for name in FILES:
            shutil.copy(TEMPLATE / name, folder)
        self._write_policy(smoke=False)

    def release(self, fault: str = "") -> Release:
        self._count += 1
        name = f"r{self._count:03}"
        (self.folder / "release.json").write_text(json.dumps({"name": name, "fault": fault}))
        git("add", "--all", cwd=self.folder)
        git("commit", "--quiet", "--message", f"feat: {name} {fault}".strip(), cwd=self.folder)
        return Release(name, git("rev-parse", "HEAD", cwd=self.folder), fault)

    def ask_for_smoke_tests(self) -> Release:
        """From this release on the product has a smoke test."""
        self._write_policy(smoke=True)
        return self.release()

    def push(self, release: Release, to: str | Path, branch: str) -> None:
        git("push", "--quiet", to, f"{release.commit}:refs/heads/{branch}", cwd=self.folder)

    def _write_policy(self, smoke: bool) -> None:
        text = (TEMPLATE / "gate.yaml").read_text()
        for name, port in self._ports.items():
            text = text.replace(name, port)
        lines = [line for line in text.splitlines() if smoke or not line.startswith("    smoke:")]
        (self.folder / "gate.yaml").write_text("\n".join(lines) + "\n")
