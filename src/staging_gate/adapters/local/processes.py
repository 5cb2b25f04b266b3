"""Processes that live longer than whoever starts them: each is kept by a shim and found again by its state file.

A process is the same one when its number and the kernel's start time of it are the same; signals go through pidfds to
the shim, which signals the group of what it keeps, so no reused number is ever hit.
"""

import contextlib
import errno
import hashlib
import json
import marshal
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from staging_gate.adapters.local import procfs
from staging_gate.adapters.local.layout import make_folder
from staging_gate.adapters.local.listeners import listening
from staging_gate.adapters.local.ports import free_port, holder_of
from staging_gate.adapters.local.procfs import Identity
from staging_gate.adapters.local.waiting import Limit, pause
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.wire.commands import Account

__all__ = ["PortTaken", "Process", "ProcessSpec", "adopt", "dismiss", "find", "free_port", "get_ready", "start"]

SHIM = Path(__file__).with_name("shim.py")
ANSWER_WITHIN = 15.0
LAST_RESORT = 5.0
"""Seconds that a shim gets to end after it was told to kill everything, before it is killed itself."""


_ready: "dict[str, subprocess.Popen[bytes]]" = {}


class PortTaken(Refused):
    """Somebody else listens where the process was to listen; `holder` names them as far as we can see."""

    def __init__(self, port: int, holder: str) -> None:
        super().__init__(f"port {port} is already used by {holder}")
        self.port = port
        self.holder = holder


@dataclass(frozen=True)
class ProcessSpec:
    """What is to run. `state` is its place: at most one process runs for one state file.

    `keeper` is what its shim is called among the processes of the machine, and by what `get_ready` knows it.
    `labels` are for the caller: they come back with the process when it is found again. Addresses in `listen` become
    listening sockets that survive the process, its file descriptors 3, 4, ...; with `restart` it is started again
    whenever it ends by itself.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    environ: Mapping[str, str]
    log: Path
    state: Path
    account: Account | None = None
    keeper: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    listen: tuple[tuple[str, int], ...] = ()
    restart: bool = False

    @property
    def key(self) -> str:
        """The same for the same program started in the same way."""
        parts = [self.argv, str(self.cwd), sorted(self.environ.items()), self.account, self.listen, self.restart]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Process:
    """A process that runs or has run. It is looked at anew with every question."""

    name: str
    key: str
    labels: Mapping[str, str]
    log: Path
    state: Path
    shim: Identity

    @property
    def pid(self) -> int:
        return self._now().process.pid

    @property
    def starts(self) -> int:
        """How often it was started: more than once only with `restart`."""
        return self._now().starts

    def alive(self) -> bool:
        return self._now().process.alive()

    def exit_code(self) -> int | None:
        """Negative for a signal. None while it runs, and for ever if it was killed together with its shim."""
        return self._now().exit

    def wait(self, seconds: float) -> bool:
        """Whether it has ended for good, within this time. Its exit code is known then."""
        with self.shim.held() as handle:
            return handle is None or _ends(handle, seconds)

    def stop(self, within: float) -> bool:
        """SIGTERM to its group, SIGKILL after so many seconds; nothing of it is left. Whether SIGTERM was enough."""
        with self.shim.held() as handle:
            willing = handle is None or _asked_to_end(handle, within)
            if handle is not None and not willing:
                _made_to_end(handle)
        self.end_orphans()
        return willing

    def owns_port(self, port: int) -> bool:
        """Whether all who listen on this port of 127.0.0.1 are this process or were started by it; False if nobody."""
        links = listening(port)
        return bool(links) and links == procfs.owners(links, self._tree()).keys()

    def rss(self) -> int:
        """Bytes of memory of it and of all that it started; shared pages are counted for each."""
        return procfs.resident(self._tree())

    def end_orphans(self) -> None:
        """When a shim was killed, workers of its process may be left. They are in the session that it made.

        The kernel gives out no number that still names a session, so somebody else under the shim's number means
        that no one of the session is left.
        """
        leader = procfs.stat(self.shim.pid)
        if self._now().boot != procfs.boot_id() or (leader and leader.start != self.shim.start):
            return
        for pid in procfs.everybody():
            found = procfs.stat(pid)
            if found and found.session == self.shim.pid and found.start >= self.shim.start:
                with Identity(pid, found.start).held() as handle:
                    _send(handle, signal.SIGKILL)

    def _tree(self) -> list[int]:
        return procfs.descendants(self.shim.pid) if self.shim.alive() else []

    def _now(self) -> "_State":
        state = _read(self.state)
        # The place may have been taken by a later process since; then all we know is that this one has ended.
        return state if state and state.shim == self.shim else _State("", self.shim, self.shim, 0, None, {})


def get_ready(keeper: str) -> None:
    """Let a shim come up for the next start by this keeper, which then takes 4 ms instead of 20. Returns at once.

    It waits until it is used or dismissed, or we end.
    """
    waiting = _ready.get(keeper)
    if waiting is None or waiting.poll() is not None:
        _ready[keeper] = _new_shim(keeper)


def dismiss(*keepers: str) -> None:
    """Let shims that were got ready end unused: those of these keepers, or all."""
    for keeper in keepers or tuple(_ready):
        if shim := _ready.pop(keeper, None):
            shim.communicate()


def start(spec: ProcessSpec) -> Process:
    """Start it, or take the one that already runs for this state file. It may have ended when this returns.

    Raises PortTaken, Refused where something else runs for this state file, Unavailable where nothing can be started.
    """
    process = adopt(spec.state) or _start(spec)
    if process.key != spec.key:
        raise Refused(
            f"{process.name} (pid {process.pid}) already runs for {spec.state.name} and was started differently. "
            "Stop it first."
        )
    return process


def adopt(state: Path) -> Process | None:
    """The process of this state file, if it is kept running; whoever started it may be long gone."""
    process = find(state)
    return process if process and process.exit_code() is None and process.shim.alive() else None


def find(state: Path) -> Process | None:
    """The last process of this state file in this boot, also when it has ended: its exit code and log are known."""
    known = _read(state)
    if known is None or known.boot != procfs.boot_id():
        return None
    about = known.about
    return Process(about["name"], about["key"], about["labels"], Path(about["log"]), state, known.shim)


@dataclass(frozen=True)
class _State:
    boot: str
    shim: Identity
    process: Identity
    starts: int
    exit: int | None
    about: dict[str, Any]


def _read(state: Path) -> _State | None:
    """What the shim wrote. It replaces the file as a whole; an unreadable one is left from a power loss."""
    try:
        seen = json.loads(state.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    shim = Identity(seen["shim"], seen["shim_start"])
    process = Identity(seen["pid"], seen["pid_start"])
    return _State(seen["boot"], shim, process, seen["starts"], seen["exit"], seen["about"])


def _start(spec: ProcessSpec) -> Process:
    make_folder(spec.state.parent, 0o700)
    make_folder(spec.log.parent)
    before = find(spec.state)
    if before and before.exit_code() is None and not before.shim.alive():
        before.end_orphans()
    limit = Limit(ANSWER_WITHIN)
    # Held: by a shim that is about to write its state (then that process is ours, too), or by one that is about to end.
    while (answer := _ask_a_shim(spec)) == "held":
        if running := adopt(spec.state):
            return running
        if limit.over:
            raise Unavailable(f"{spec.name} could not be started: {spec.state}.lock is held, but nobody is named.")
        pause(0.01)
    if answer != "started":
        raise _no_listener(answer)
    return _found(spec)


def _found(spec: ProcessSpec) -> Process:
    process = find(spec.state)
    if process is None:
        raise Unavailable(f"{spec.name} was started, but {spec.state} does not name it.")
    return process


def _ask_a_shim(spec: ProcessSpec) -> str:
    """Its answer. If we die in here, the shim either never got the whole order or goes on without us."""
    with _ready_shim(spec.keeper) or _new_shim(spec.keeper or spec.name) as shim:
        try:
            answer, complaint = shim.communicate(marshal.dumps(_order(spec)), ANSWER_WITHIN)
        except subprocess.TimeoutExpired as error:
            shim.kill()
            raise Unavailable(f"{spec.name} could not be started within {ANSWER_WITHIN:g} s.") from error
    if not answer:
        raise Unavailable(f"{spec.name} could not be started.", complaint.decode(errors="replace").strip())
    return answer.decode()


def _ready_shim(keeper: str) -> "subprocess.Popen[bytes] | None":
    shim = _ready.pop(keeper, None)
    return shim if shim and shim.poll() is None else None


def _new_shim(called: str) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    argv = [sys.executable, "-I", "-S", str(SHIM), called]
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=_shim_environ())


def _order(spec: ProcessSpec) -> dict[str, object]:
    about = {"name": spec.name, "key": spec.key, "labels": dict(spec.labels), "log": str(spec.log.absolute())}
    return {
        "argv": list(spec.argv),
        "cwd": str(spec.cwd.absolute()),
        "environ": dict(spec.environ),
        "log": str(spec.log.absolute()),
        "state": str(spec.state.absolute()),
        "about": json.dumps(about),
        "uid": spec.account.uid if spec.account else None,
        "gid": spec.account.gid if spec.account else None,
        "listen": list(spec.listen),
        "restart": spec.restart,
    }


def _shim_environ() -> dict[str, str]:
    """Nothing of ours, but what an interpreter outside the usual places needs to find its own libraries."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}


def _no_listener(answer: str) -> Refused:
    _, host, port, why = answer.split(" ", 3)
    if why == os.strerror(errno.EADDRINUSE):
        return PortTaken(int(port), holder_of(int(port)) or "another program")
    return Refused(f"{host}:{port} can not be listened on: {why}.")


def _ends(handle: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(round(seconds * 1000)))


def _asked_to_end(handle: int, within: float) -> bool:
    _send(handle, signal.SIGTERM)
    return _ends(handle, within)


def _made_to_end(handle: int) -> None:
    _send(handle, signal.SIGUSR1)
    if not _ends(handle, LAST_RESORT):
        _send(handle, signal.SIGKILL)
        _ends(handle, LAST_RESORT)


def _send(handle: int | None, number: signal.Signals) -> None:
    if handle is not None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, number)
