"""One way to call git: its own identity, no configuration but the repository's, argument lists, errors of our ports."""

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from staging_gate.ports.errors import OutsideError, Refused, Unavailable
from staging_gate.wire.commands import Captured, capture

OLDEST = (2, 38)
"""`git merge-tree --write-tree` came with it."""

LONGEST = 60.0
"""Seconds that a call may take where nothing else is said."""

NAME, MAIL = "Staging Gate", "staging-gate@localhost"


@dataclass(frozen=True)
class Git:
    """Git on one bare repository. `path` is absolute."""

    path: Path

    def ask(
        self,
        *arguments: str,
        given: bytes | None = None,
        accept: tuple[int, ...] = (0,),
        environ: Mapping[str, str] | None = None,
        within: float = LONGEST,
    ) -> Captured:
        """Run git and return what it said; an exit code that is not in `accept` is raised as an error of our ports."""
        done = capture(
            self.argv(*arguments),
            environ={**environment(), **(environ or {})},
            cwd=Path("/"),
            given=given,
            within=within,
        )
        if done.code not in accept:
            raise self.failure(arguments[0], done.code, done.err)
        return done

    def beginning(self, *arguments: str, limit: int) -> tuple[bytes, bool]:
        """The first `limit` bytes of what git says, and whether there was more; git is stopped there."""
        with tempfile.TemporaryFile() as errors, self.start(*arguments, stderr=errors.fileno()) as process:
            assert process.stdout is not None
            watchdog = threading.Timer(LONGEST, process.kill)
            watchdog.start()
            said = process.stdout.read(limit + 1)
            watchdog.cancel()
            if len(said) > limit:
                process.kill()
                return said[:limit], True
            if code := process.wait(LONGEST):
                errors.seek(0)
                raise self.failure(arguments[0], code, errors.read())
        return said, False

    def start(self, *arguments: str, stderr: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """Git with pipes to its input and output, for the caller to talk to."""
        try:
            return subprocess.Popen(
                self.argv(*arguments),
                env=environment(),
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        except FileNotFoundError as error:
            raise Unavailable("The program git is not installed.", str(error)) from error

    def argv(self, *arguments: str) -> list[str]:
        return ["git", f"--git-dir={self.path}", *arguments]

    def failure(self, command: str, code: int, said: bytes) -> OutsideError:
        """What an unexpected end of git means, and whose move it is."""
        evidence = said.decode(errors="replace").strip()
        for pattern, kind, sentence in _MEANINGS:
            if re.search(pattern, evidence):
                return kind(sentence.format(path=self.path), evidence)
        return Unavailable(f"`git {command}` ended with {code} in {self.path}.", evidence)


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """All that git gets to see: nothing of this account's or this machine's git configuration, but `settings`.

    `safe.directory` lets us serve a repository that another user owns (any, because git asks for `.` when it serves;
    every call of ours names its repository, none is discovered). refs/replace is ignored, because whoever may
    push could otherwise change what a commit looks like.
    """
    inherited = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {
        **inherited,
        **_configured({"safe.directory": "*", "core.quotePath": "false", **(settings or {})}),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": NAME,
        "GIT_AUTHOR_EMAIL": MAIL,
        "GIT_COMMITTER_NAME": NAME,
        "GIT_COMMITTER_EMAIL": MAIL,
    }


def check_installed() -> str:
    """The version of git on this machine. Refused where it is too old, or can not serve a repository."""
    said = _plain("version")
    found = re.search(r"(\d+)\.(\d+)\S*", said)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise Refused(
            f"This machine's git is too old: found {said.strip() or 'no version'}, expected "
            f"{OLDEST[0]}.{OLDEST[1]} or newer. Install a newer git."
        )
    http_backend()
    return found[0]


def http_backend() -> Path:
    """The program that serves repositories; called by its own name it saves a process."""
    backend = Path(_plain("--exec-path").strip()) / "git-http-backend"
    if not os.access(backend, os.X_OK):
        raise Refused(
            f"This machine's git can not serve a repository: {backend} is missing. "
            "Install the whole of git (some distributions split it into several packages)."
        )
    return backend


def _configured(settings: Mapping[str, str]) -> dict[str, str]:
    found = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _plain(argument: str) -> str:
    return capture(["git", argument], environ=environment(), cwd=Path("/"), within=LONGEST).text


_MEANINGS: tuple[tuple[str, type[OutsideError], str], ...] = (
    (
        "not a git repository",
        Refused,
        "There is no git repository at {path}. Check the path in the settings, or let `gate up` create it.",
    ),
    (
        "No space left on device|[Dd]isk quota exceeded|File too large",
        Unavailable,
        "The disk with the repository {path} is full. Make room and try again.",
    ),
    (
        r"Unable to create '.*\.lock'",
        Unavailable,
        "The repository {path} is locked by another git program. If none is running, one was killed in the middle: "
        "delete the .lock file that git names and try again.",
    ),
    (
        "Permission denied|insufficient permission",
        Refused,
        "The repository {path} can not be written. Give its folder to the user that Staging Gate runs as.",
    ),
)
