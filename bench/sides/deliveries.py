"""A client process that sends deliveries as fast as they are answered, on kept connections; tells which were."""

import argparse
import asyncio
import itertools
import json
import re
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

from bench.sides.webhooks import request

KEY = 32


class Sender(asyncio.Protocol):
    """One connection: the next delivery goes when the one before has its answer."""

    def __init__(self, template: bytes, numbers: "itertools.count[int]", until: float, answered: list[int]) -> None:
        at = template.index(b"#" * KEY)
        self._before, self._after = template[:at], template[at + KEY :]
        self._numbers, self._until, self._answered = numbers, until, answered
        self._came = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass
        self._next()

    def data_received(self, data: bytes) -> None:
        self._came += data
        if not self._is_whole():
            return
        if not self._came.startswith(b"HTTP/1.1 2"):
            return self.connection_lost(ConnectionError(self._came[:200].decode(errors="replace")))
        self._came = b""
        self._answered.append(self._number)
        if time.monotonic() < self._until:
            self._next()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(str(exc) if exc else "")

    def _is_whole(self) -> bool:
        head, end, body = self._came.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\ncontent-length: (\d+)", head)
        return bool(end) and len(body) >= (int(length[1]) if length else 0)

    def _next(self) -> None:
        self._number = next(self._numbers)
        self._transport.write(self._before + b"%032d" % self._number + self._after)


async def send(port: int, size: int, seconds: float, first: int, connections: int) -> tuple[list[int], float, str]:
    """The numbers that were answered, the seconds that it took, and what a connection was ended by (empty: by us)."""
    answered: list[int] = []
    body = json.dumps({"ref": "refs/heads/main", "text": ""}).encode()
    body = body[:-2] + b"x" * (size - len(body)) + body[-2:]
    template, numbers = request(body, b"#" * KEY), itertools.count(first)
    began = time.monotonic()
    loop = asyncio.get_running_loop()
    senders = []
    for _ in range(connections):
        _, sender = await loop.create_connection(
            lambda: Sender(template, numbers, began + seconds, answered), "127.0.0.1", port
        )
        senders.append(sender)
    ends = await asyncio.gather(*(sender.done for sender in senders))
    return answered, time.monotonic() - began, next((end for end in ends if end), "")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("size", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("first", type=int)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--numbers", type=Path, help="where the numbers go that were answered")
    order = parser.parse_args()
    answered, seconds, end = uvloop.run(send(order.port, order.size, order.seconds, order.first, order.connections))
    if order.numbers:
        order.numbers.write_text("\n".join(map(str, answered)))
    json.dump({"answered": len(answered), "seconds": seconds, "end": end}, sys.stdout)


if __name__ == "__main__":
    main()
