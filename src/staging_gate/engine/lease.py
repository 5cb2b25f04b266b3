"""Who is alive, where several workers share a Postgres: a heartbeat, a look before every step, and taking over.

DBOS leaves the runs of a dead worker where they are, and lets a worker that was paused go on. Time is the database's.
"""

import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

from sqlalchemy import Connection, Delete, Engine, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from staging_gate.engine.database import connect, writing
from staging_gate.engine.journal import Interrupted
from staging_gate.engine.tables import worker

log = logging.getLogger(__name__)


class SharedLease:
    """Ours from `take` to `release`. `lost` is called when somebody else has taken over; nothing may be done after."""

    def __init__(self, database: Engine, seconds: float, lost: Callable[[], None]) -> None:
        self.id = _identity()
        self._database = database
        # A heartbeat never queues behind other work for a connection.
        self._heart = connect(database.url, pooled=False)
        self._length = timedelta(seconds=seconds)
        self._lost = lost
        self._released = Event()
        self._thread = Thread(target=self._beat_on, name="engine-heartbeat", daemon=True)

    def take(self) -> None:
        with writing(self._heart) as connection:
            connection.execute(self._bury())
            connection.execute(insert(worker).values(id=self.id, beat_at=func.now()))
        self._thread.start()

    def release(self) -> None:
        self._released.set()
        self._thread.join()
        try:
            with writing(self._heart) as connection:
                connection.execute(delete(worker).where(worker.c.id == self.id))
        except SQLAlchemyError as error:
            log.warning("the lease of worker %s could not be given back, it runs out by itself: %s", self.id, error)

    def guard(self, connection: Connection) -> None:
        """Raises Interrupted when the lease is gone. A late heartbeat alone is no loss: nobody has acted on it yet."""
        if connection.execute(_ROW, {"key": self.id}).first() is None:
            self._give_up()
            raise Interrupted

    def dead_among(self, workers: Callable[[], set[str]]) -> set[str]:
        """Those whose lease ran out (it is taken from them now), or who have none, or died on this machine."""
        # First who has work, then who is alive: a worker has its lease before it has work.
        others = workers() - {self.id}
        if not others:
            return set()
        with writing(self._database) as connection:
            connection.execute(self._bury())
            alive = set(connection.execute(select(worker.c.id)).scalars())
            died = {other for other in alive & others if _died_here(other)}
            connection.execute(delete(worker).where(worker.c.id.in_(died)))
        return others - alive | died

    def _bury(self) -> Delete:
        return delete(worker).where(worker.c.beat_at < func.now() - self._length)

    def _beat_on(self) -> None:
        while not self._released.wait(self._length.total_seconds() / 6):
            try:
                with writing(self._heart) as connection:
                    beat = update(worker).where(worker.c.id == self.id).values(beat_at=func.now())
                    alive = connection.execute(beat).rowcount
            except SQLAlchemyError as error:
                # No loss as long as nobody takes over, and nobody can while the database is away.
                log.warning("the heartbeat of worker %s failed, trying again: %s", self.id, error)
                continue
            if not alive:
                self._give_up()
                return

    def _give_up(self) -> None:
        log.error("worker %s was taken for dead and its runs were taken over; it does nothing more", self.id)
        self._lost()


def exit_at_once() -> None:
    """The only safe reaction to a lost lease: whatever this process still does, somebody else does too."""
    os._exit(75)


# Locked until the commit: who takes our runs over waits for that, and then reads what was written.
_ROW = select(worker.c.id).where(worker.c.id == bindparam("key")).with_for_update(read=True, key_share=True)


def _identity() -> str:
    return f"{_machine()}/{os.getpid()}/{_started(os.getpid())}/{uuid4().hex[:8]}"


def _died_here(other: str) -> bool:
    """Whether a worker of this very machine (this boot, this process namespace) is no more, without waiting for it."""
    machine, pid, started, _ = other.rsplit("/", 3)
    return machine == _machine() and machine != "" and _started(int(pid)) != started


def _machine() -> str:
    """Empty where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty where there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
