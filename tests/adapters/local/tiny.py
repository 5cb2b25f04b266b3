"""Starting `tiny_service.py` under a shim, and leaving nothing behind."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from staging_gate.adapters.local import processes
from staging_gate.adapters.local.processes import Process, ProcessSpec
from staging_gate.testing import eventually
from staging_gate.wire.commands import Account

SERVICE = Path(__file__).with_name("tiny_service.py")


@dataclass(frozen=True)
class Tiny:
    folder: Path

    def spec(
        self, name: str = "api", account: Account | None = None, port: int | None = None, **environ: str
    ) -> ProcessSpec:
        port = port or processes.free_port()
        return ProcessSpec(
            name=name,
            argv=(sys.executable, "-I", "-S", str(SERVICE)),
            cwd=self.folder,
            environ={"PORT": str(port), **environ},
            log=self.folder / "logs" / f"{name}.log",
            state=self.folder / "states" / f"{name}.json",
            account=account,
            labels={"port": str(port)},
        )

    def command(self, *argv: str, account: Account | None = None, **changes: Any) -> ProcessSpec:
        """Something else than the tiny service, in the same place."""
        spec = replace(self.spec(account=account), argv=argv, environ={"PATH": "/usr/bin:/bin"}, labels={})
        return replace(spec, **changes)

    def serving(self, name: str = "api", account: Account | None = None, **environ: str) -> Process:
        """A tiny service that listens on the port in its labels."""
        process = processes.start(self.spec(name, account, None, **environ))
        eventually(lambda: process.owns_port(port_of(process)))
        return process

    def stop(self) -> None:
        for state in self.folder.glob("states/*.json"):
            if process := processes.find(state):
                process.stop(within=0)
        processes.dismiss()


def port_of(process: Process) -> int:
    return int(process.labels["port"])


def log_of(process: Process) -> str:
    return process.log.read_text()
