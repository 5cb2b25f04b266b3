"""What all sides of a comparison share: git, the account and the Python of services, environments, free ports."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from staging_gate.adapters.local.accounts import interpreter_for, service_account
from staging_gate.adapters.local.environ import bare_environ, tool_environ, uv_program
from staging_gate.wire.commands import Account, Captured, capture

ACCOUNT: Account | None = service_account()
"""Whom services run as: another account where we are root, as Staging Gate does it."""

SETTLE_SECONDS = 0.3


class Broke(Exception):
    """A side of the benchmark did not do what it had to; there are no figures then."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def git(*arguments: str | Path, cwd: Path | None = None) -> str:
    """Git with an identity of its own and nobody's configuration; raises Broke."""
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        **{f"GIT_{who}_{what}": "bench@bench.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    return checked(capture(["git", *map(str, arguments)], environ=environ, cwd=cwd), "git").strip()


def make_environment(place: Path, lock: Path) -> None:
    """A Python environment from a lock file, with its bytecode, as a build of Staging Gate has it."""
    python = interpreter_for(ACCOUNT).path
    checked(capture([uv(), "venv", "--quiet", "--no-project", "--python", python, str(place)], environ=_tools()), "uv")
    sync(place, lock)


def sync(environment: Path, lock: Path) -> None:
    """Bring it to the lock file; nothing is done where it is there already."""
    argv = [uv(), "pip", "sync", "--quiet", "--require-hashes", "--python", f"{environment}/bin/python", str(lock)]
    checked(capture(argv, environ=_tools(), within=600), "uv")


def uv() -> str:
    if program := uv_program():
        return program
    raise Broke("uv is not installed; ./gate brings it.")


def launch(argv: Sequence[str], cwd: Path, log: Path, **environ: str) -> "subprocess.Popen[bytes]":
    """Start a service of a side, as the account of services, in a session of its own."""
    with log.open("ab") as output:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env={**bare_environ(Path("/nonexistent")), **environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=ACCOUNT.uid if ACCOUNT else None,
            group=ACCOUNT.gid if ACCOUNT else None,
            extra_groups=[] if ACCOUNT else None,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settle() -> None:
    """Let what was set off come to rest, so that it does not count against the next side."""
    time.sleep(SETTLE_SECONDS)


def milliseconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return (time.perf_counter() - started) * 1000


def checked(done: Captured, program: str) -> str:
    if done.code:
        raise Broke(f"{program} ended with {done.code}: {done.err.decode(errors='replace')[-2000:]}")
    return done.text


def _tools() -> dict[str, str]:
    return {**tool_environ(Path.home()), "UV_LINK_MODE": "copy", "UV_COMPILE_BYTECODE": "1"}
