"""What a demo stands on: a folder and ports of its own, which no other demo on this machine can have."""

import os
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from staging_gate.bootstrap.settings import default_state

LOWEST_PORT, HIGHEST_PORT = 10_000, 19_999
"""Below those that Staging Gate gives to candidates, and those that the system gives to outgoing connections."""

GIVEN = "STAGING_GATE_POSTGRES_URL"
"""The variable that names a Postgres for the demo, where databases may be made and dropped."""


class NotSetUp(Exception):
    """The demo can not begin; the text says why and what to do."""


def fresh_folder() -> Path:
    """A new folder that the account of the services can reach. Raises NotSetUp."""
    base = default_state()
    try:
        if not base.is_dir():
            base.mkdir(parents=True)
            base.chmod(0o755)  # whatever our umask is
        folder = Path(tempfile.mkdtemp(prefix="demo-", dir=base))
    except OSError as error:
        raise NotSetUp(f"No folder for the demo can be made in {base}: {error.strerror}.") from error
    folder.chmod(0o755)
    return folder


def remove(folder: Path) -> None:
    """Remove it all, also what was closed for writing."""

    def open_and_retry(act: Callable[[str], object], path: str, error: object) -> None:
        Path(path).parent.chmod(stat.S_IRWXU)
        act(path)

    if folder.exists():
        for inside, _, _ in os.walk(folder):
            os.chmod(inside, stat.S_IRWXU)
        shutil.rmtree(folder, onerror=open_and_retry)


def keep_logs(folder: Path) -> Path:
    """Copy what programs have said out of a demo's folder, which is going to be removed; where that is now."""
    kept = folder.with_name(f"{folder.name}-logs")
    if (folder / "state" / "logs").is_dir():
        shutil.copytree(folder / "state" / "logs", kept)
    kept.mkdir(exist_ok=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
    return kept


def reserve_ports(stack: ExitStack, count: int) -> list[int]:
    """Free ports that nobody else is given before the stack is closed.

    Each is bound and not listened on. A server can still listen there if it reuses addresses, as all do; whoever looks
    for a free port finds that it is taken.
    """
    found: list[int] = []
    while len(found) < count:
        port = LOWEST_PORT + secrets.randbelow(HIGHEST_PORT - LOWEST_PORT + 1)
        held = socket.socket()
        try:
            held.bind(("127.0.0.1", port))
        except OSError:
            held.close()
            continue
        # Only now: bound with it, two demos could reserve the same one.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stack.enter_context(held)
        found.append(port)
    return found
