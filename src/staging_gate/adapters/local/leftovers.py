"""Commands that outlived us. One that ran when we were killed would go on writing where its successor works."""

import contextlib
import os
import signal
from pathlib import Path

from staging_gate.adapters.local import procfs
from staging_gate.adapters.local.procfs import Identity

MARK = "STAGING_GATE_WORK"
"""The variable that names what a command works on; all that it starts inherits it."""


def end_leftovers(mark: str) -> None:
    """Kill every process that was started with this mark and is still there."""
    wanted = f"{MARK}={mark}".encode()
    for pid in procfs.everybody():
        found = procfs.stat(pid)
        if found and pid != os.getpid() and wanted in _variables(pid):
            with Identity(pid, found.start).held() as handle:
                if handle is not None:
                    _kill(handle)


def _variables(pid: int) -> list[bytes]:
    # Processes end while we look, and those of other people can not be read.
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


def _kill(handle: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
