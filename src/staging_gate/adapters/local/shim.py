"""Keeps one process, and outlives whoever asked for it. `processes.start` runs this file; nothing imports it.

It runs a program in a process group of its own, as another account where asked, writes its output to a file that never
grows over twice `LOG_LIMIT`, and keeps what is known about it in a state file, always replaced as a whole:

    {"about": what the caller wants to find again, "boot": boot id, "shim": pid, "shim_start": ticks since boot,
     "pid": pid, "pid_start": ticks since boot, "starts": count, "exit": code (negative: signal) or null}

The program runs its first instruction only after the state file names it, and a lock beside the state file is held as
long as the shim lives: whoever comes back after a crash finds everything that runs, and nothing is started twice.
With `listen` the shim holds listening sockets, which the program finds as file descriptors 3, 4, ...; with `restart`
it starts the program again whenever it ends, while connections wait in the backlog of those sockets.

SIGTERM is passed on to the whole group. SIGUSR1 kills everything that is left. The exit code is in the state file
before the shim ends, and nothing that it started survives it.
"""

import contextlib
import ctypes
import fcntl
import marshal
import os
import resource
import select
import signal
import time

LOG_LIMIT = 10 * 1024 * 1024
BLOCK = 65_536
GRACE = 10.0
"""Seconds that what the program left behind gets after a SIGTERM, once the program itself has ended."""
LOG_PAUSE = 0.01
"""Seconds between two looks at the output: a talkative program must not cost us one wake-up a line."""
STEADY = 5.0
"""Seconds after which a program counts as having run; one that ends sooner waits before its next start."""
SLOWEST_RESTART = 2.0

SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT)
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38


def main() -> None:
    """Read the order, detach, and answer `started`, `held` (by another shim) or `refused HOST PORT WHY`."""
    order = read_order()
    if os.fork():
        # Whoever asked waits for this process only: a shim that ends later leaves no zombie in a long-lived controller.
        os._exit(0)
    os.setsid()
    os.chdir("/")
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    if not lock(order.state + ".lock"):
        return answer("held")
    sockets = []
    for host, port in order.listen:
        try:
            sockets.append(listen(host, port))
        except OSError as error:
            return answer(f"refused {host} {port} {error.strerror}")
    return Keeper(order, sockets).run()


class Order:
    argv: list[str]
    cwd: str
    environ: dict[str, str]
    log: str
    state: str
    about: str
    uid: int | None
    gid: int | None
    listen: list[tuple[str, int]]
    restart: bool


class Keeper:
    def __init__(self, order: Order, sockets: list[int]) -> None:
        self.order = order
        self.sockets = sockets
        self.log = Log(order.log)
        self.output, self.output_end = os.pipe()
        os.set_blocking(self.output, False)
        # Room for what a program says during LOG_PAUSE; refused where an account has many pipes, then it waits for us.
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.output, fcntl.F_SETPIPE_SZ, 16 * BLOCK)
        self.wake, self.wake_end = os.pipe()
        self.shim = os.getpid()
        self.boot = boot_id()
        self.pid = 0
        self.pid_start = 0
        self.starts = 0
        self.started = 0.0
        self.pause = 0.0
        self.ended = True
        self.stopping = False
        self.grace = GRACE

    def run(self) -> None:
        self.watch_signals()
        self.start()
        answer("started")
        os.dup2(self.log.file, 2)
        while True:
            code = self.until_it_ends()
            if self.order.restart and not self.stopping:
                self.wait_before_restart(code)
            if not self.order.restart or self.stopping:
                return self.write_state(code)
            self.start()

    def watch_signals(self) -> None:
        """Signals also become bytes in a pipe, so that none is lost between looking and waiting."""
        os.set_blocking(self.wake, False)
        os.set_blocking(self.wake_end, False)
        signal.set_wakeup_fd(self.wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.stop(signal.SIGTERM))
        signal.signal(signal.SIGUSR1, lambda *_: self.stop(signal.SIGKILL))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def stop(self, number: int) -> None:
        self.stopping = True
        if number == signal.SIGKILL:
            self.grace = 0.0
        if not self.ended:
            signal_group(self.pid, number)

    def start(self) -> None:
        """Fork, write the state that names the child, and only then let it become the program."""
        gate, gate_end = os.pipe()
        # Blocked, because our handlers must not run in the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if not pid:
            os.close(gate_end)
            os._exit(self.become(gate))
        os.setpgid(pid, pid)
        self.pid, self.pid_start = pid, start_of(pid)
        self.ended = False
        self.starts += 1
        self.started = time.monotonic()
        self.write_state(None)
        os.write(gate_end, b"!")
        os.close(gate_end)
        os.close(gate)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def become(self, gate: int) -> int:
        """In the child: wait for the word, then turn into the program; an exit code where that is impossible."""
        order = self.order
        try:
            if os.read(gate, 1) != b"!":
                return 125
            self.take_files()
            restore_signals()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            become_account(order.uid, order.gid)
            # After the change of account, which would clear it. The shim may have died before: then nobody keeps us.
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != self.shim:
                return 125
            os.umask(0o027)
            os.chdir(order.cwd)
            os.execvpe(order.argv[0], order.argv, order.environ)
        except OSError as error:
            os.write(2, f"{order.argv[0]} can not be started in {order.cwd}: {error}\n".encode(errors="replace"))
        return 127

    def take_files(self) -> None:
        """Nothing to read, output into our pipe, listening sockets from 3 on; all else is closed by the exec."""
        high = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 100) for one in self.sockets]
        os.dup2(self.output_end, 1)
        os.dup2(self.output_end, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, one in enumerate(high, start=3):
            os.dup2(one, number)

    def until_it_ends(self) -> int:
        """The exit code of the program, once it and everything that it left behind is gone."""
        while not os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            self.look()
        # A shell may end at SIGTERM before what it started. Not reaped yet, so its group's number is still ours.
        ended = time.monotonic()
        while self.stopping and self.others() and time.monotonic() < ended + self.grace:
            self.look(0.05)
        return self.sweep()

    def look(self, seconds: float | None = None) -> None:
        readable, _, _ = select.select([self.output, self.wake], [], [], seconds)
        if self.wake in readable:
            drain(self.wake)
            for pid in self.others():
                os.waitpid(pid, os.WNOHANG)
        if self.output in readable:
            block = read(self.output)
            self.log.write(block)
            if len(block) < BLOCK:
                select.select([self.wake], [], [], LOG_PAUSE)

    def others(self) -> set[int]:
        """Our children but the program: what lost its own parent came to us."""
        with open(f"/proc/self/task/{self.shim}/children", "rb") as children:
            return {int(pid) for pid in children.read().split()} - {self.pid}

    def sweep(self) -> int:
        signal_group(self.pid, signal.SIGKILL)
        while others := self.others():
            for pid in others:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        while block := read(self.output):
            self.log.write(block)
        self.ended = True
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def wait_before_restart(self, code: int) -> None:
        now = time.monotonic()
        steady = now - self.started > STEADY or self.starts == 1
        self.pause = 0.0 if steady else min(2 * self.pause or 0.05, SLOWEST_RESTART)
        self.log.write(f"{self.order.argv[0]} ended with {code}; it is started again\n".encode(errors="replace"))
        while not self.stopping and time.monotonic() < now + self.pause:
            select.select([self.wake], [], [], now + self.pause - time.monotonic())
            drain(self.wake)

    def write_state(self, code: int | None) -> None:
        """Not flushed to the disk: after a power loss nothing runs that it could name, and the boot id tells."""
        ended = "null" if code is None else str(code)
        text = (
            f'{{"about": {self.order.about}, "boot": "{self.boot}", '
            f'"shim": {self.shim}, "shim_start": {start_of(self.shim)}, '
            f'"pid": {self.pid}, "pid_start": {self.pid_start}, "starts": {self.starts}, "exit": {ended}}}\n'
        )
        try:
            replace(self.order.state, text.encode())
        except OSError:
            # Without the first one the program must not run; later a full disk is no reason to give it up.
            if self.starts == 1 and code is None:
                raise


class Log:
    """A file that is only appended to, and its predecessor. A full disk loses lines, never the program."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.open()

    def open(self) -> None:
        self.file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        self.size = os.fstat(self.file).st_size

    def write(self, block: bytes) -> None:
        try:
            self.size += os.write(self.file, block)
            if self.size >= LOG_LIMIT:
                os.replace(self.path, self.path + ".1")
                os.close(self.file)
                self.open()
        except OSError:
            return


def read_order() -> Order:
    """Incomplete where whoever asked died while writing: then this raises, and nothing is started.

    marshal and not json, because importing json alone would make every start a third slower.
    """
    order = Order()
    order.__dict__.update(marshal.loads(b"".join(iter(lambda: os.read(0, BLOCK), b""))))  # noqa: S302
    return order


def answer(text: str) -> None:
    """Tell whoever asked, and let go of the pipes to it. It may be gone by now."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, text.encode())
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def lock(path: str) -> bool:
    """Held until this process ends; the open file is kept on purpose and is not inherited by the program."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def replace(path: str, content: bytes) -> None:
    new = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(new, content)
    finally:
        os.close(new)
    os.replace(path + ".new", path)


def listen(host: str, port: int) -> int:
    import socket  # only for proxies: it would make every other start slower

    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((host, port))
    one.listen(4096)
    return one.detach()


def restore_signals() -> None:
    for number in (*SIGNALS, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def become_account(uid: int | None, gid: int | None) -> None:
    if uid is None or gid is None:
        return
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def read(pipe: int) -> bytes:
    try:
        return os.read(pipe, BLOCK)
    except BlockingIOError:
        return b""


def drain(pipe: int) -> None:
    while read(pipe):
        pass


def start_of(pid: int) -> int:
    """When a process started, in kernel ticks: with its number, its identity until the next boot."""
    with open(f"/proc/{pid}/stat", "rb") as stat:
        return int(stat.read().rpartition(b")")[2].split()[19])


def boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
        return boot.read().strip()


if __name__ == "__main__":
    main()
