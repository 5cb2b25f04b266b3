"""The two programs that the demo starts and ends: what surrounds the product, and `gate up`."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from staging_gate.demo.ground import NotSetUp
from staging_gate.demo.people import environ_for
from staging_gate.demo.signals import ending

OUTSIDES_WITHIN = 60.0
UP_WITHIN = 60.0
END_WITHIN = 20.0


class Lifeline:
    """A pipe that nobody writes to. What reads it ends as soon as the last one who holds the other end is gone.

    `ends` is what waits for that, once the line is let go.
    """

    def __init__(self, stack: ExitStack) -> None:
        self.ends = stack.enter_context(ExitStack())
        self.reading, self.held = os.pipe()
        stack.callback(self.let_go)

    def let_go(self) -> None:
        for end in (self.reading, self.held):
            with contextlib.suppress(OSError):
                os.close(end)
        self.reading = self.held = -1


def start_outsides(stack: ExitStack, folder: Path) -> tuple[dict[str, Any], Lifeline]:
    """The databases and the identity provider, and what keeps them alive. Raises NotSetUp."""
    lifeline = Lifeline(stack)
    answer = _begin(lifeline, folder, "outsides", str(folder / "databases"))
    if "error" in answer:
        raise NotSetUp(answer["error"])
    return answer, lifeline


def start_providers(
    folder: Path, address: str, blueprint: Path, secrets: Mapping[str, str], lifeline: Lifeline
) -> dict[str, Any]:
    """GitHub and Render, which tell the server at `address` what happens; where they are. Raises NotSetUp."""
    given = (str(folder / "providers"), address, str(blueprint))
    return _begin(lifeline, folder, "providers", *given, secrets=secrets)


def _begin(
    lifeline: Lifeline, folder: Path, name: str, *given: str, secrets: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A module of ours as a program that says in one line what it has, and ends when nobody holds the line."""
    argv = [sys.executable, "-P", "-m", f"staging_gate.demo.{name}", *given]
    log = lifeline.ends.enter_context((folder / f"{name}.log").open("wb"))
    with ending.deferred():
        process = subprocess.Popen(
            argv,
            env={**os.environ, **(secrets or {})},
            stdin=lifeline.reading,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        lifeline.ends.callback(_wait, process)
    assert process.stdout
    ready = select.select([process.stdout], [], [], OUTSIDES_WITHIN)[0]
    line = process.stdout.readline() if ready else b""
    if not line:
        raise NotSetUp(f"The {name} of the demo could not be started: {_tail(folder / f'{name}.log')}")
    found: dict[str, Any] = json.loads(line)
    return found


def start_server(stack: ExitStack, folder: Path, address: str, secrets: Mapping[str, str], lifeline: Lifeline) -> None:
    """`gate up`; returns when it is healthy. Raises NotSetUp."""
    log = folder / "server.log"
    told = {"GATE_STATE": str(folder / "state"), "GATE_PORT": address.rpartition(":")[2], **secrets}
    with log.open("ab") as output, ending.deferred():
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "staging_gate", "up"],
            env={**environ_for(folder), **told},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[lifeline.held],
            start_new_session=True,
        )
        stack.callback(_stop_installation, folder, server)
    _wait_until_healthy(server, address, log)


def _stop_installation(folder: Path, server: "subprocess.Popen[bytes]") -> None:
    """First the server, which may have hardly begun; then, by `gate down`, all that it has started."""
    server.terminate()
    _wait(server)
    argv = [sys.executable, "-P", "-m", "staging_gate", "down", "--state", str(folder / "state")]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(argv, env=environ_for(folder), capture_output=True, timeout=2 * END_WITHIN, check=False)


def _wait_until_healthy(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + UP_WITHIN
    while not _is_healthy(address):
        if server.poll() is not None or time.monotonic() > deadline:
            raise NotSetUp(f"`gate up` did not come up: {_tail(log)}")
        time.sleep(0.05)


def _is_healthy(address: str) -> bool:
    direct = build_opener(ProxyHandler({}))
    with contextlib.suppress(OSError), direct.open(f"{address}/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _wait(process: "subprocess.Popen[bytes]") -> None:
    """It is about to end by itself; if it does not, it is told to, and made to."""
    for number in (signal.SIGTERM, signal.SIGKILL, None):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_WITHIN)
            return
        if number:
            os.killpg(process.pid, number)


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return " / ".join(lines[-5:]) or "it said nothing"
