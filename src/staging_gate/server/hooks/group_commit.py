"""Whatever arrives in turns of the event loop that follow on each other is one commit: no timer, and who comes alone
waits for nobody."""

import asyncio
from collections.abc import Callable, Sequence

from staging_gate.domain.delivery import Delivery
from staging_gate.ports.errors import OutsideError

SLOW_COMMIT_SECONDS = 0.003
"""A commit that takes longer holds up everybody while it is done in the event loop."""
SLOW_COMMITS = 3
"""So many in a row, and this is a slow disk."""
MOST_TURNS = 8
"""Of the event loop in which more come before they are stored: a commit costs as much as storing many."""

Keep = Callable[[Sequence[Delivery]], None]


class GroupCommit:
    """To be used in one event loop. A commit is done in its turn (it takes a fraction of a millisecond) or, on a slow
    disk, in a thread while the next ones gather."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._slow = 0
        self._batch: list[tuple[Delivery, asyncio.Future[None]]] = []
        self._flushing: asyncio.Future[None] | None = None

    async def keep(self, delivery: Delivery) -> None:
        """Returns when it is stored. Raises what storing raises."""
        loop = asyncio.get_running_loop()
        stored = loop.create_future()
        if not self._batch and self._flushing is None:
            loop.call_soon(self._gather, loop, 0, 0)
        self._batch.append((delivery, stored))
        await stored

    def _gather(self, loop: asyncio.AbstractEventLoop, turns: int, came: int) -> None:
        """Store as soon as a turn brings nobody."""
        if len(self._batch) > came and turns < MOST_TURNS:
            loop.call_soon(self._gather, loop, turns + 1, len(self._batch))
        else:
            self._flush(loop)

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._batch = self._batch, []
        deliveries = [delivery for delivery, _ in batch]
        if self._slow < SLOW_COMMITS:
            began = loop.time()
            problem = self._try(deliveries)
            self._slow = self._slow + 1 if loop.time() - began > SLOW_COMMIT_SECONDS else 0
            return _tell(batch, problem)
        self._flushing = loop.run_in_executor(None, self._keep, deliveries)
        self._flushing.add_done_callback(lambda done: self._flushed(loop, batch, done))

    def _flushed(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[tuple[Delivery, asyncio.Future[None]]],
        done: asyncio.Future[None],
    ) -> None:
        self._flushing = None
        if self._batch:
            self._flush(loop)
        _tell(batch, done.exception())

    def _try(self, deliveries: Sequence[Delivery]) -> BaseException | None:
        try:
            self._keep(deliveries)
        except OutsideError as error:
            return error
        return None


def _tell(batch: list[tuple[Delivery, asyncio.Future[None]]], problem: BaseException | None) -> None:
    for _, stored in batch:
        if stored.done():
            continue  # its client is gone
        if problem is None:
            stored.set_result(None)
        else:
            stored.set_exception(problem)
