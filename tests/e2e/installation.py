"""A whole installation for tests: a server process with its state, the tiny product, and people who use both."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol
from urllib.request import urlopen

from click.testing import CliRunner, Result

from staging_gate.adapters.local import processes
from staging_gate.adapters.local.ports import free_port
from staging_gate.cli.main import gate
from staging_gate.testing import eventually
from staging_gate.wire.api import Api

ROOT = Path(__file__).parents[2]
PRODUCT = Path(__file__).with_name("product")
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
ROLES = ("server", "staging api", "production api", "staging web", "production web")
PEOPLE = ("ada", "ben", "tess", "dana")
WHO = ("AUTHOR", "COMMITTER")


class ServerProcess(Protocol):
    """What a test needs of the process of a server."""

    @property
    def pid(self) -> int: ...
    def kill(self) -> None: ...
    def wait(self, within: float) -> int:
        """Its exit code, negative for a signal."""
        ...


Launch = Callable[[Mapping[str, str]], ServerProcess]


@dataclass
class Installation:
    """`folder` is where everything of it lies, readable for the account that services run as."""

    folder: Path
    launch: Launch
    ports: Mapping[str, int] = field(default_factory=lambda: {role: free_port() for role in ROLES})
    server: ServerProcess | None = None
    _clients: dict[str, Api] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports['server']}"

    @property
    def environ(self) -> dict[str, str]:
        return {"GATE_STATE": str(self.state), "GATE_PORT": str(self.ports["server"])}

    def start(self) -> None:
        """Returns once it answers."""
        self.begin_to_start()
        self.await_start()

    def begin_to_start(self) -> None:
        self.server = self.launch(self.environ)

    def await_start(self) -> None:
        eventually(self._is_up)

    def kill(self) -> None:
        """SIGKILL the server, and nothing else."""
        if self.server:
            self.server.kill()
            self.server.wait(10)
            self.server = None

    def end(self) -> None:
        """Nothing of it keeps running."""
        self.kill()
        running = [processes.adopt(file) for file in (*self.state.glob("run/*/state.json"), *self.process_states())]
        for process in running:
            if process:
                process.stop(within=0)

    def server_log(self) -> str:
        return (self.folder / "server.log").read_text()

    def process_states(self) -> Iterator[Path]:
        return self.state.glob("places/*/processes/*/process.json")

    def as_(self, person: str) -> Api:
        """The API with this person's token."""
        if person not in self._clients:
            self._clients[person] = Api(self.address, self.tokens[person])
        return self._clients[person]

    @cached_property
    def tokens(self) -> dict[str, str]:
        admin = json.loads((self.state / "access.json").read_text())["token"]
        made = {p: Api(self.address, admin).post("/tokens", person=p, roles=[])["secret"] for p in PEOPLE}
        return {"admin": admin, **made}

    @property
    def tree(self) -> Path:
        """A clone of the product's repository."""
        return self.folder / "tree"

    def write_product(self) -> None:
        """Its first commit, not yet pushed; the public ports are ours."""
        shutil.copytree(PRODUCT, self.tree, ignore=shutil.ignore_patterns("__pycache__"))
        (self.tree / "fault.txt").write_text("\n")
        policy = (self.tree / "gate.yaml").read_text()
        for number, role in enumerate(ROLES[1:], 20001):
            policy = policy.replace(str(number), str(self.ports[role]))
        (self.tree / "gate.yaml").write_text(policy)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("feat: begin")

    def git(self, *arguments: str, fails: bool = False) -> str:
        """What git says, on both of its outputs; whether it fails is checked."""
        done = self.try_git(*arguments)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def try_git(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        known = {**os.environ, **GIT, **{f"GIT_{who}_{what}": "ada" for who in WHO for what in ("NAME", "EMAIL")}}
        argv = ["git", "-C", str(self.tree), *arguments]
        return subprocess.run(argv, env=known, capture_output=True, text=True, timeout=60)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)

    def push(self, *refs: str, by: str = "ada", fails: bool = False) -> str:
        return self.git("push", "--porcelain", self.clone_address(by), *refs, fails=fails)

    def start_branch(self, name: str, at: str = "staging") -> None:
        """Check out a new branch from what another one is now."""
        self.git("fetch", "--quiet", self.clone_address("ada"), at)
        self.git("checkout", "--quiet", "-B", name, "FETCH_HEAD")

    def clone_address(self, by: str) -> str:
        return f"http://{by}:{self.tokens[by]}@127.0.0.1:{self.ports['server']}/git/product.git"

    def cli(self, *arguments: str, by: str = "admin", **environ: str) -> Result:
        """`gate ...` as somebody types it; without `by`, nobody who is known."""
        who = {"GATE_SERVER": self.address, "GATE_TOKEN": self.tokens[by]} if by else {}
        known = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "COLUMNS": "200", **self.environ}
        return CliRunner().invoke(gate, list(arguments), env={**known, **who, **environ})

    def _is_up(self) -> bool:
        assert self.server
        with contextlib.suppress(OSError), urlopen(f"{self.address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
        return False


@dataclass
class Program:
    """A server as people start it: `python -m staging_gate.server`, its output in a file."""

    process: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()

    def wait(self, within: float) -> int:
        return self.process.wait(within)


def program(environ: Mapping[str, str]) -> Program:
    log = Path(environ["GATE_STATE"]).with_name("server.log")
    known = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT / "src")}
    with log.open("ab") as output:
        argv = [sys.executable, "-m", "staging_gate.server"]
        return Program(subprocess.Popen(argv, env={**known, **environ}, stdout=output, stderr=output))


@contextlib.contextmanager
def an_installation(launch: Launch = program) -> Iterator[Installation]:
    """Not started yet. Not below pytest's folder, which other accounts can not enter."""
    with tempfile.TemporaryDirectory(prefix="staging-gate-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        one = Installation(Path(folder), launch)
        try:
            yield one
        finally:
            one.end()
