"""`gate down`: nothing of an installation keeps running."""

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from staging_gate.adapters.local import procfs
from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.leftovers import end_leftovers_below
from staging_gate.adapters.local.processes import Process, find
from staging_gate.adapters.local.procfs import Identity
from staging_gate.adapters.local.proxy import Proxy

SERVER = b"staging_gate.server"
SERVER_WITHIN = 20.0
SERVICE_WITHIN = 10.0
"""Seconds that a server or a service gets to end by itself."""


def stop_all(state: Path) -> list[str]:
    """Stop all that was started on this state folder; returns the names of what was running.

    The server goes first, for it would start things again; then commands under way, the proxies, and the services,
    which till then answer what the proxies were asked.
    """
    servers = [f"server (pid {pid})" for pid in _servers(state) if _ended(pid)]
    end_leftovers_below(state)
    layout = Layout(state)
    proxies = _running(layout.run.glob("*/state.json"))
    Proxy(layout.run).stop()
    services = _running((layout.root / "places").glob("*/processes/*/process.json"))
    _stop(services)
    return servers + [process.name for process in (*proxies, *services)]


def _servers(state: Path) -> Iterator[int]:
    """Those whose GATE_STATE is this folder, as `gate up` starts them, whatever their database is."""
    for pid in procfs.everybody():
        if SERVER in procfs.arguments(pid) and pid != os.getpid():
            told = dict(variable.partition(b"=")[::2] for variable in procfs.variables(pid))
            if _is_same(told.get(b"GATE_STATE", b""), state):
                yield pid


def _is_same(one: bytes, other: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samefile(one, other)
    return False


def _ended(pid: int) -> bool:
    """Whether it was there to be ended."""
    found = procfs.stat(pid)
    if found is None:
        return False
    with Identity(pid, found.start).held() as handle:
        if handle is None:
            return False
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
            if select.select([handle], [], [], SERVER_WITHIN)[0]:
                break
    return True


def _running(states: Iterator[Path]) -> list[Process]:
    found = (find(state) for state in sorted(states))
    return [process for process in found if process and process.exit_code() is None]


def _stop(services: list[Process]) -> None:
    if services:
        with ThreadPoolExecutor(len(services)) as pool:
            list(pool.map(lambda process: process.stop(SERVICE_WITHIN), services))
