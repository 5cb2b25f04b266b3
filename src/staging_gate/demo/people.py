"""The people of the story. Each works as people do: with `gate ...`, git, and what the API shows."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from staging_gate.wire.api import Api

COMMAND_WITHIN = 120.0
REFUSED = 3
REASON = re.compile(r"^- (.+) \[(\w+)\]$", re.MULTILINE)


class Deviation(Exception):
    """Something else happened than was expected; the text says what."""


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def reasons(self) -> dict[str, str]:
        """Why the gate is closed: sentences by their code."""
        return {code: sentence for sentence, code in REASON.findall(self.err)}


@dataclass(frozen=True)
class Person:
    """Somebody with a token. `tree` is the working tree of the product; `base` the environment of all commands.

    `remote` is where the code is, `password` what opens it where that is not the token.
    """

    name: str
    token: str
    address: str
    tree: Path
    base: Mapping[str, str] = field(repr=False)
    remote: str
    password: str = field(default="", repr=False)

    @property
    def called(self) -> str:
        return self.name.title()

    @cached_property
    def api(self) -> Api:
        return Api(self.address, self.token)

    def does(self, *arguments: str) -> str:
        """Run `gate ...`; what it printed. Raises Deviation unless it is done."""
        said = self._gate(*arguments)
        if said.code != 0:
            raise Deviation(f"`gate {' '.join(arguments)}` ended with {said.code}: {_last_words(said)}")
        return said.out

    def asks(self, *arguments: str) -> Any:
        """Run `gate ... --json`; the answer. Raises Deviation unless it is done."""
        return json.loads(self.does(*arguments, "--json"))

    def is_refused(self, *arguments: str) -> dict[str, str]:
        """Run `gate ...`, which the gate must refuse; the sentences by code. Raises Deviation if it is not."""
        said = self._gate(*arguments)
        if said.code != REFUSED or not said.reasons:
            raise Deviation(f"`gate {' '.join(arguments)}` ended with {said.code}, not refused: {_last_words(said)}")
        return said.reasons

    def tries(self, *arguments: str) -> Said:
        return self._gate(*arguments)

    def pushes(self, *refs: str) -> str:
        """What git says in this person's terminal. Raises Deviation if the push is refused."""
        said = self._push(*refs)
        if said.code != 0:
            raise Deviation(f"`git push {' '.join(refs)}` failed: {_last_words(said)}")
        return said.err

    def push_is_refused(self, *refs: str) -> str:
        """What the server answers to a push that it refuses. Raises Deviation if it does not."""
        said = self._push(*refs)
        told = [line.removeprefix("remote:").strip() for line in said.err.splitlines() if line.startswith("remote:")]
        if said.code == 0 or not any(told):
            raise Deviation(f"`git push {' '.join(refs)}` ended with {said.code}: {_last_words(said)}")
        return " ".join(line for line in told if line)

    def git(self, *arguments: str) -> str:
        said = self._run("git", *arguments)
        if said.code != 0:
            raise Deviation(f"`git {' '.join(arguments)}` failed: {_last_words(said)}")
        return said.out.strip()

    def begins(self, branch: str, at: str) -> None:
        """A new branch in the working tree, at a branch of the server as it is now."""
        self.git("fetch", "--quiet", self.remote, f"+refs/heads/{at}:refs/remotes/gate/{at}")
        self.git("checkout", "--quiet", "-B", branch, f"refs/remotes/gate/{at}")

    def is_remembered_as(self, remote: str) -> None:
        """Whoever works in the tree later can push to this remote, in this person's name."""
        self.git("remote", "add", remote, self.remote.replace("://", f"://{self.name}:{self._key}@"))

    @property
    def _key(self) -> str:
        return self.password or self.token

    def _push(self, *refs: str) -> Said:
        return self._run("git", "push", "--porcelain", self.remote, *refs)

    def _gate(self, *arguments: str) -> Said:
        return self._run(sys.executable, "-P", "-m", "staging_gate", *arguments)

    def _run(self, *argv: str) -> Said:
        try:
            done = subprocess.run(
                argv,
                cwd=self.tree,
                env={**self.base, **self._own()},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=COMMAND_WITHIN,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Deviation(f"{argv[0]} {' '.join(argv[1:6])} took longer than {COMMAND_WITHIN:g} s") from error
        return Said(done.returncode, done.stdout, done.stderr)

    def _own(self) -> dict[str, str]:
        """The token goes through the environment: arguments are seen by everybody on the machine."""
        basic = base64.b64encode(f"{self.name}:{self._key}".encode()).decode()
        email = f"{self.name}@zebra.example"
        return {
            "GATE_SERVER": self.address,
            "GATE_TOKEN": self.token,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            **{f"GIT_{who}_NAME": self.called for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": email for who in ("AUTHOR", "COMMITTER")},
        }


@dataclass(frozen=True)
class People:
    """Two developers, a tech lead, a stakeholder, somebody for operations, and whoever has set up the server."""

    admin: Person
    ada: Person
    ben: Person
    tess: Person
    stan: Person
    dana: Person


def environ_for(folder: Path) -> dict[str, str]:
    """What commands are run with: nothing of another installation, of this user's git or of their sign-ins."""
    accounts = ("GATE_SERVICE_ACCOUNT", "GATE_BUILD_ACCOUNT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATE_", "GIT_"))}
    kept |= {name: os.environ[name] for name in accounts if name in os.environ}
    if "PYTHONPATH" in kept:
        kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, kept["PYTHONPATH"].split(os.pathsep)))
    certificates = {name: value for name, value in os.environ.items() if name.startswith("GIT_SSL_")}
    direct = {name: ",".join(filter(None, (os.environ.get(name), "127.0.0.1"))) for name in ("NO_PROXY", "no_proxy")}
    return {
        **kept,
        **certificates,
        **direct,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _last_words(said: Said) -> str:
    lines = [line for line in (said.err.strip() or said.out.strip()).splitlines() if line.strip()]
    return " / ".join(lines[-4:])[-600:] or "it said nothing"
