"""A server that kills itself at a chosen point of a run. The product knows nothing of it: it is wrapped here.

Points of a step are `before` (it is in the journal as begun, nothing is done), `in` it after each of its effects (a
commit, a call to an outside), when it is `done` (and nothing about that is recorded), and `after` (its answer is
recorded). Besides, a run can be killed when it is `asked for`.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from staging_gate.adapters.git import GitCodeHost
from staging_gate.adapters.local import processes
from staging_gate.adapters.local.backups import BackupFolder
from staging_gate.adapters.local.builds import Builds
from staging_gate.adapters.local.places import Places
from staging_gate.adapters.local.proxy import Proxy
from staging_gate.adapters.local.schema import Schemas
from staging_gate.engine import (
    Run,
    durable,  # noqa: F401  # slow to import, so it is there before the fork
)
from staging_gate.runbook import pushes
from staging_gate.server.__main__ import main
from staging_gate.store import SqlStore
from tests.e2e.installation import ServerProcess

EFFECTS: Sequence[tuple[Any, Sequence[str]]] = (
    (GitCodeHost, ("merge", "create_tag", "delete_branch")),
    (Builds, ("ensure",)),
    (Places, ("put", "send_to", "forget", "mark_retiring", "remove_process")),
    (Proxy, ("ensure", "switch", "close")),
    (processes, ("start",)),
    (BackupFolder, ("keep",)),
    (Schemas, ("run", "remember")),
)
"""What a step does to the outside: it may be killed after each of these."""

PUSH_POINTS = ("a push: judged", "a push: in git", "a push: heard of")
"""It is let through and git does not know it yet; git has it and nobody was told; all is done but the answer."""

_in_step = threading.local()
_one_at_a_time = threading.Lock()

# Started once and forked from then on: a fresh interpreter would take two seconds to import everything.
_processes = get_context("forkserver")
_processes.set_forkserver_preload(["tests.e2e.killer"])


@dataclass(frozen=True)
class Weapon:
    """Armed by files that name points; each is fired once. Every point that is reached is noted."""

    folder: Path

    def arm(self, *points: str) -> None:
        self._armed.mkdir(exist_ok=True)
        for point in points:
            (self._armed / point).touch()

    def disarm(self) -> list[str]:
        """What had not been fired."""
        left = [file.name for file in self._armed.glob("*")]
        for point in left:
            (self._armed / point).unlink()
        return left

    def reached(self) -> list[str]:
        """The points since the last call, in order."""
        try:
            return self._noted.read_text().splitlines()
        except FileNotFoundError:
            return []
        finally:
            self._noted.unlink(missing_ok=True)

    def point(self, name: str) -> None:
        with _one_at_a_time:
            with self._noted.open("a") as noted:
                noted.write(name + "\n")
            with contextlib.suppress(FileNotFoundError):
                (self._armed / name).unlink()
                os.kill(os.getpid(), signal.SIGKILL)

    @property
    def _armed(self) -> Path:
        return self.folder / "armed"

    @property
    def _noted(self) -> Path:
        return self.folder / "reached"


def points_of_runs(reached: list[str]) -> list[list[str]]:
    """The points of each procedure among these."""
    procedures: dict[str, dict[str, None]] = {}
    for point in reached:
        procedures.setdefault(point.partition(": ")[0], {})[point] = None
    return [list(points) for points in procedures.values()]


@dataclass
class Killable:
    """The process of such a server."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        assert self.process.pid
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()

    def wait(self, within: float) -> int:
        self.process.join(within)
        if self.process.exitcode is None:
            raise TimeoutError(f"the server {self.pid} still runs after {within:g} s")
        return self.process.exitcode


def launch(environ: Mapping[str, str]) -> ServerProcess:
    """A server that only others kill."""
    return _start(environ, deadly=False)


def launch_deadly(environ: Mapping[str, str]) -> ServerProcess:
    return _start(environ, deadly=True)


def _start(environ: Mapping[str, str], deadly: bool) -> ServerProcess:
    # Daemonic, so that a session which ends without tearing its fixtures down ends it, and does not wait for it.
    process = _processes.Process(target=_live, args=(dict(environ), deadly), daemon=True)
    process.start()
    return Killable(process)


def _live(environ: dict[str, str], deadly: bool) -> None:
    threading.Thread(target=_die_with_the_tests, daemon=True).start()
    os.environ.update(environ)
    folder = Path(environ["GATE_STATE"]).parent
    with (folder / "server.log").open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    if deadly:
        make_deadly(Weapon(folder))
    main()


def _die_with_the_tests() -> None:
    """Whoever runs them may be killed itself, and the fork server lives as long as one of us does."""
    tests = parent_process()
    assert tests
    tests.join()
    os.kill(os.getpid(), signal.SIGKILL)


def make_deadly(weapon: Weapon) -> None:
    """From now on steps and their effects in this process are points."""
    Run.step = _deadly_step(Run.step, weapon)  # type: ignore[method-assign]
    SqlStore.transaction = _deadly_commit(SqlStore.transaction, weapon)  # type: ignore[method-assign]
    pushes.judge = _deadly_call(pushes.judge, weapon, after=PUSH_POINTS[0])
    pushes.received = _deadly_call(pushes.received, weapon, before=PUSH_POINTS[1], after=PUSH_POINTS[2])
    for place, names in EFFECTS:
        for name in names:
            setattr(place, name, _deadly_effect(getattr(place, name), weapon))


def _deadly_step(step: Callable[..., Any], weapon: Weapon) -> Callable[..., Any]:
    def deadly(self: Run, name: str, do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def doing(*given: Any, **named: Any) -> Any:
            _in_step.place, _in_step.effects = f"{self.procedure}: {name}", 0
            weapon.point(f"{_in_step.place}, before")
            try:
                return do(*given, **named)
            finally:  # also when it raises: that is an answer too
                weapon.point(f"{_in_step.place}, done")
                _in_step.place = None

        weapon.point(f"{self.procedure}: asked for")
        try:
            return step(self, name, doing, *args, **kwargs)
        finally:
            weapon.point(f"{self.procedure}: {name}, after")

    return deadly


def _deadly_commit(transaction: Callable[..., Any], weapon: Weapon) -> Callable[..., Any]:
    @contextlib.contextmanager
    def deadly(self: SqlStore) -> Iterator[Any]:
        with transaction(self) as tx:
            yield tx
        _after("a commit", weapon)

    return deadly


def _deadly_call(call: Callable[..., Any], weapon: Weapon, before: str = "", after: str = "") -> Callable[..., Any]:
    def deadly(*args: Any, **kwargs: Any) -> Any:
        if before:
            weapon.point(before)
        answer = call(*args, **kwargs)
        weapon.point(after)
        return answer

    return deadly


def _deadly_effect(effect: Callable[..., Any], weapon: Weapon) -> Callable[..., Any]:
    def deadly(*args: Any, **kwargs: Any) -> Any:
        answer = effect(*args, **kwargs)
        _after(effect.__qualname__, weapon)
        return answer

    return deadly


def _after(effect: str, weapon: Weapon) -> None:
    """Only in the thread of a step; not, for example, in a request."""
    if place := getattr(_in_step, "place", None):
        _in_step.effects += 1
        weapon.point(f"{place}, in it ({_in_step.effects}: {effect})")
