"""Live pages: threads tell that something changed, each open page learns it over server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from threading import Lock

KEEP_ALIVE_SECONDS = 15.0


class Broadcaster:
    """`tell` may be called from any thread. A page that is slow misses repetitions, never the last one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pages: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._closed = False

    def tell(self, *_: object) -> None:
        with self._lock:
            pages = list(self._pages.items())
        for event, loop in pages:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        self._closed = True
        self.tell()

    async def stream(self) -> AsyncIterator[bytes]:
        """`data: changed` whenever something did, a comment now and then so that a broken connection is noticed."""
        event = asyncio.Event()
        with self._lock:
            self._pages[event] = asyncio.get_running_loop()
        try:
            yield b"retry: 1000\ndata: changed\n\n"
            while not self._closed:
                try:
                    await asyncio.wait_for(event.wait(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                event.clear()
                yield b"data: changed\n\n"
                await asyncio.sleep(0.05)  # steps come in bursts: one repaint for all of them
        finally:
            with self._lock:
                self._pages.pop(event, None)
