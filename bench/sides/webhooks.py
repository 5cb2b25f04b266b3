"""Who takes webhooks, each a process of its own: Staging Gate, a Starlette that only verifies, Debian's `webhook`."""

import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from bench.machine import free_port
from staging_gate.testing import eventually

SECRET = "a secret of no value"  # noqa: S105
HOOK = "/hooks/github"


class Taker:
    """`start` and `kill` may be called again and again: what was stored stays in its folder."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Taker":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        told = {**os.environ, "GATE_STATE": str(self._folder), "GATE_PORT": str(self.port), "GATE_HOOK_GITHUB": SECRET}
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._argv(), env=told, stdout=log, stderr=log, start_new_session=True)
        eventually(self._answers, within=30)

    def kill(self) -> None:
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _argv(self) -> list[str]:
        if self.kind == "webhook":
            return [shutil.which("webhook") or "webhook", *self._debians()]
        module = "staging_gate.server" if self.kind == "gate" else "bench.sides.bare_starlette"
        return [sys.executable, "-m", module]

    def _debians(self) -> list[str]:
        """It must run something, and stores nothing."""
        rule = {
            "type": "payload-hmac-sha256",
            "secret": SECRET,
            "parameter": {"source": "header", "name": "X-Hub-Signature-256"},
        }
        hooks = [{"id": "github", "execute-command": "/bin/true", "trigger-rule": {"match": rule}}]
        (self._folder / "hooks.json").write_text(json.dumps(hooks))
        return ["-hooks", str(self._folder / "hooks.json"), "-ip", "127.0.0.1", "-port", str(self.port)]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except ConnectionRefusedError:
            return False


def request(body: bytes, key: bytes) -> bytes:
    """One delivery as it goes over the wire; `key` has 32 characters."""
    signature = hmac.digest(SECRET.encode(), body, "sha256").hex().encode()
    head = (
        b"POST " + HOOK.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"X-GitHub-Event: push\r\nX-GitHub-Delivery: " + key + b"\r\nX-Hub-Signature-256: sha256=" + signature
    )
    return head + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
