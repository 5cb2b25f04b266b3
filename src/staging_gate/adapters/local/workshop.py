"""Where a project's own commands run when something is made of its code: as whom, with what, and how they fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from staging_gate.adapters.local import disk
from staging_gate.adapters.local.commands import ending
from staging_gate.adapters.local.environ import tool_environ, uv_program
from staging_gate.adapters.local.folders import hand_over
from staging_gate.adapters.local.layout import Layout, make_folder
from staging_gate.adapters.local.leftovers import MARK
from staging_gate.adapters.local.recipes import BuildFailed, Interpreter
from staging_gate.adapters.local.tools import open_to_all
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import Stopped, Unavailable
from staging_gate.ports.logs import Logs
from staging_gate.wire.commands import Account, stream

_NETWORK_WORDS = ("error sending request", "dns error", "Failed to fetch:")


@dataclass(frozen=True)
class Job:
    """What is being made, for whom the words are: `what` reads `the build of api`. `mark`, the path of what is made,
    finds its processes again."""

    what: str
    mark: str
    log: str
    within: timedelta
    cancelled: Cancelled


@dataclass(frozen=True)
class Workshop:
    """`account` is whom builds and checks run as; None is ourselves."""

    layout: Layout
    logs: Logs
    interpreter: Interpreter
    account: Account | None = None

    def uv(self) -> str:
        program = uv_program()
        if program is None:
            raise Unavailable("The program uv is not installed. It comes with Staging Gate: install that again.")
        return str(open_to_all(Path(program), self.layout.tools)) if self.account else program

    def environ(self, job: Job, *paths: Path) -> dict[str, str]:
        """The variables of a build command; `paths` come first on PATH."""
        home = self.home()
        found = tool_environ(home)
        folders = [*map(str, paths), str(Path(self.uv()).parent), found["PATH"]]
        return {
            **found,
            "PATH": ":".join(folders),
            "UV_CACHE_DIR": str(home / "uv"),
            "UV_LINK_MODE": "copy",
            "UV_COMPILE_BYTECODE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
            MARK: job.mark,
        }

    def home(self) -> Path:
        """The home and cache of all builds, which no service can write to when it has another account."""
        home = self.layout.cache
        made = (home / "tmp").is_dir()
        if not made:
            make_folder(home, 0o700)
            make_folder(home / "tmp", 0o700)
        if not made or (self.account and home.stat().st_uid != self.account.uid):
            hand_over(home, self.account)
        return home

    def run(self, job: Job, argv: tuple[str, ...], cwd: Path, environ: Mapping[str, str]) -> None:
        """Run one command to its good end; else BuildFailed, Unavailable (our side) or Stopped."""
        self.logs.append(job.log, f"$ {' '.join(argv)}\n")
        finished = stream(
            argv,
            environ=environ,
            cwd=cwd,
            within=job.within.total_seconds(),
            output=lambda text: self.logs.append(job.log, text),
            cancelled=job.cancelled,
            account=self.account,
        )
        if finished.ok:
            return
        evidence = "\n".join(finished.tail.splitlines()[-50:])
        if finished.stopped == "cancelled":
            raise Stopped(f"{_capital(job.what)} was cancelled.", evidence)
        if disk.filled_by(finished, self.layout.root):
            raise disk.full(self.layout.root, evidence)
        if argv[0] == self.uv() and any(words in finished.tail for words in _NETWORK_WORDS):
            raise Unavailable(f"{_capital(job.what)} could not reach the package registry.", evidence)
        command = " ".join((Path(argv[0]).name, *argv[1:]))
        raise BuildFailed(f"{_capital(job.what)} failed: `{command}` {ending(finished, job.within)}.", evidence)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
