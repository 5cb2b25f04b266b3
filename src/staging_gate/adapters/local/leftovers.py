"""Commands that outlived us. One that ran when we were killed would go on writing where its successor works."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

from staging_gate.adapters.local import procfs
from staging_gate.adapters.local.procfs import Identity

MARK = "STAGING_GATE_WORK"
"""The variable that names what a command works on, a path; all that it starts inherits it."""


def end_leftovers(mark: str) -> None:
    """Kill every process that was started with this mark and is still there."""
    wanted = f"{MARK}={mark}".encode()
    _end(lambda variables: wanted in variables)


def end_leftovers_below(root: Path) -> None:
    """Kill every command that works on anything below this folder: their marks are paths."""
    wanted = f"{MARK}={root}/".encode()
    _end(lambda variables: any(variable.startswith(wanted) for variable in variables))


def _end(is_meant: Callable[[list[bytes]], bool]) -> None:
    for pid in procfs.everybody():
        found = procfs.stat(pid)
        if found and pid != os.getpid() and is_meant(procfs.variables(pid)):
            with Identity(pid, found.start).held() as handle:
                if handle is not None:
                    _kill(handle)


def _kill(handle: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
