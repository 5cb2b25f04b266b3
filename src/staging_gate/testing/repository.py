"""A bare repository as people and intruders reach it: commits without a working copy, refs that move."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from staging_gate.adapters.git.merging import PUSHERS
from staging_gate.ports.code_host import CodeHost

Files = Mapping[str, str | None]
"""Path -> text; None deletes the file."""


class OpenCodeHost(CodeHost, Protocol):
    def close(self) -> None: ...


INCOMING = "refs/gate/incoming"
ENVIRON = {"PATH": os.defpath, "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


@dataclass(frozen=True)
class Repository:
    """Nobody judges what is done here: this is git itself."""

    path: Path

    def commit(
        self, parent: str | None, files: Files, message: str, by: str, at: datetime, also: str | None = None
    ) -> str:
        """A new commit on `parent`, on no branch yet; returns its id. With a second parent `also` it is a merge, of
        which `files` are the outcome."""
        who = f"{by} <{by}@marketedge.example> {int(at.timestamp())} +0000"
        lines = [f"commit {INCOMING}", "mark :1", f"author {who}", f"committer {who}", _data(message)]
        lines += [f"from {parent}"] if parent else []
        lines += [f"merge {also}"] if also else []
        for path, text in files.items():
            lines += [f"D {path}"] if text is None else [f"M 100644 inline {path}", _data(text)]
        return self._git("fast-import", "--quiet", "--force", given="\n".join([*lines, "get-mark :1", ""]))

    def move(self, ref: str, commit: str, by: str = "") -> None:
        """Put a ref (`refs/heads/...`, `refs/tags/...`) anywhere, whatever it was; `by` is a person who pushes it."""
        pusher = {"GIT_COMMITTER_NAME": by, "GIT_COMMITTER_EMAIL": f"{by}@{PUSHERS}"} if by else {}
        self._git("update-ref", ref, commit, environ=pusher)

    def delete(self, ref: str) -> None:
        self._git("update-ref", "-d", ref)

    def _git(self, *arguments: str, given: str = "", environ: Mapping[str, str] = MappingProxyType({})) -> str:
        argv = ["git", f"--git-dir={self.path}", *arguments]
        known = {**ENVIRON, **environ}
        done = subprocess.run(argv, input=given.encode(), capture_output=True, env=known, timeout=60, check=False)
        if done.returncode:
            raise AssertionError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode().strip()


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def slug(title: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", title.lower()).strip("-")
