"""A client that forgives nothing: it asks all the time and never retries.

Failed is every request without a complete answer of status 200 within the limit, on kept connections and on new ones
alike. Only a kept connection that the server had closed *before* the next request was sent is replaced in silence, as
every client does. It runs in a process of its own, so that what it measures does not wait for us; this file is also
the program of that process, and imports nothing of ours.
"""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

WITHIN = 10.0
REPORT_EVERY = 0.05
AFTER_A_FAILURE = 0.01
REVISION = re.compile(rb'"revision"\s*:\s*"([^"]*)"')


class Answer(NamedTuple):
    """One request. Times are seconds since 1970, so they can be compared with the record; they never jump.

    `revision` is what the answer said: in its header `x-revision`, else in a JSON body. `failure` is empty for a
    complete 200.
    """

    sent: float
    done: float
    path: str
    kept: bool
    status: int
    revision: str
    failure: str

    @property
    def failed(self) -> bool:
        return bool(self.failure)


class StrictClient:
    """Asks `paths` in turn on `kept` connections that stay open and `fresh` ones that are new each time.

    `rate` is requests per second over all connections; without it each asks again as soon as it has its answer.
    """

    def __init__(
        self,
        address: str,
        paths: tuple[str, ...] = ("/health",),
        kept: int = 4,
        fresh: int = 2,
        rate: float | None = None,
        within: float = WITHIN,
    ) -> None:
        self._order = [address, list(paths), kept, fresh, rate, within]
        self._answers: list[Answer] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._reading = threading.Thread(target=self._read, daemon=True)

    def start(self) -> None:
        argv = [sys.executable, "-I", "-S", __file__, json.dumps(self._order)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._reading.start()

    def stop(self) -> tuple[Answer, ...]:
        """Let the requests that are under way come to their end; then all results."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._reading.join()
            self._process.wait()
            self._process = None
        return self.results

    def __enter__(self) -> "StrictClient":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def results(self) -> tuple[Answer, ...]:
        """All answers so far, in the order in which they came; at most 0.1 s old while it runs."""
        return tuple(self._answers)

    @property
    def requests(self) -> int:
        return len(self._answers)

    @property
    def failures(self) -> tuple[Answer, ...]:
        return tuple(answer for answer in self._answers if answer.failed)

    def first(self, revision: str, after: float = 0.0) -> Answer | None:
        """The first complete answer of this revision that came after this moment."""
        found = (one for one in self._answers if one.done >= after and one.revision == revision and not one.failed)
        return min(found, key=lambda one: one.done, default=None)

    def _read(self) -> None:
        assert self._process and self._process.stdout
        for line in self._process.stdout:
            self._answers.extend(Answer(*fields) for fields in json.loads(line))


class Asking:
    """The other side of the pipe."""

    def __init__(
        self, address: str, paths: list[str], kept: int, fresh: int, rate: float | None, within: float
    ) -> None:
        place = urlsplit(address)
        self.host, self.port = place.hostname or "127.0.0.1", place.port or 80
        self.requests = {keep: [(path, _request(path, place.netloc, keep)) for path in paths] for keep in (True, False)}
        self.workers = [True] * kept + [False] * fresh
        self.interval = len(self.workers) / rate if rate else 0.0
        self.within = within
        self.answers: list[Answer] = []
        self.over = asyncio.Event()
        self.epoch = time.time() - time.monotonic()

    async def run(self) -> None:
        workers = [asyncio.create_task(self.work(number, keep)) for number, keep in enumerate(self.workers)]
        reports = asyncio.create_task(self.report())
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        self.over.set()
        await asyncio.gather(*workers)
        reports.cancel()
        self.tell()

    async def report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY)
            self.tell()

    def tell(self) -> None:
        print(json.dumps(self.answers), flush=True)
        self.answers.clear()

    async def work(self, number: int, keep: bool) -> None:
        due = time.monotonic() + number * self.interval / len(self.workers)
        turn = number
        connection = Connection(self.host, self.port)
        while not self.over.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(time.monotonic(), due + self.interval)
            path, request = self.requests[keep][turn % len(self.requests[keep])]
            turn += 1
            answer = await self.ask(connection, path, request, keep)
            self.answers.append(answer)
            if answer.failed:
                await asyncio.sleep(AFTER_A_FAILURE)
        connection.close()

    async def ask(self, connection: "Connection", path: str, request: bytes, keep: bool) -> Answer:
        sent = time.monotonic()
        status, revision, failure = 0, "", ""
        try:
            async with asyncio.timeout(self.within):
                status, revision, closes = await connection.exchange(request)
            if closes or not keep:
                connection.close()
            failure = "" if status == 200 else f"status {status}"
        except TimeoutError:
            failure = f"no complete answer within {self.within:g} s"
        except (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError) as error:
            failure = f"{type(error).__name__}: {error}"
        if failure:
            connection.close()
        return Answer(self.epoch + sent, self.epoch + time.monotonic(), path, keep, status, revision, failure)


class Connection:
    """One connection at a time to one place, opened when it is needed."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
        self.streams = None

    async def exchange(self, request: bytes) -> tuple[int, str, bool]:
        """Status, revision, and whether the server closes. Raises EOFError where the answer breaks off."""
        if self.streams and (self.streams[0].at_eof() or self.streams[1].is_closing()):
            self.close()
        if not self.streams:
            self.streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.streams
        writer.write(request)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().decode("latin-1").split("\r\n")
        headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = b"".join([part async for part in _body(reader, headers)])
        found = REVISION.search(body)
        revision = headers.get("x-revision") or (found[1].decode() if found else "")
        return int(first.split(" ")[1]), revision, headers.get("connection") == "close"


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[bytes]:
    if "content-length" in headers:
        yield await reader.readexactly(int(headers["content-length"]))
    elif headers.get("transfer-encoding") == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    else:
        raise ValueError("an answer without a length can not be known to be complete")


def _request(path: str, host: str, keep: bool) -> bytes:
    ending = "" if keep else "Connection: close\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: strict-client\r\n{ending}\r\n".encode()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(Asking(*json.loads(sys.argv[1])).run())
