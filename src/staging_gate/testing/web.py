"""A real HTTP server for stand-ins of providers, which misbehaves when it is told to."""

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class Fault(Enum):
    """What goes wrong with an answer, after whatever was asked has been done."""

    LATE = "late"
    """It never comes, and the connection stays open."""

    LOST = "lost"
    """The connection is closed without an answer."""

    CUT = "cut"
    """The connection is closed in the middle of the body."""

    DRIPPING = "dripping"
    """The body comes a byte at a time, without end."""


@dataclass(frozen=True)
class Request:
    """`path` is as it was sent, without the query; `headers` have small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    def with_headers(self, **headers: str) -> "Reply":
        return replace(self, headers={**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}})


def json_reply(status: int, value: object, headers: Mapping[str, str] | None = None) -> Reply:
    kind = {"content-type": "application/json; charset=utf-8"}
    return Reply(status, json.dumps(value).encode(), {**kind, **(headers or {})})


class WebServer:
    """On a free port of this machine, a thread for each connection; to be used as a context. `asked` is what came."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self.asked: list[Request] = []
        self.away: Callable[[], Reply | None] = lambda: None
        """What everybody gets while it does nothing at all, None while it works."""
        self.closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asker", (_Asker,), {"_web": self}))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "WebServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Asker(BaseHTTPRequestHandler):
    _web: WebServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True  # the client did not wait

    def _ask(self) -> None:
        request = self._read()
        self._web.asked.append(request)
        self._give(self._web.away() or self._web.answer(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _ask

    def _read(self) -> Request:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)

    def _give(self, reply: Reply) -> None:
        if reply.fault is Fault.LATE:
            self._web.closing.wait()
        if reply.fault in (Fault.LATE, Fault.LOST):
            return self._hang_up()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.fault is Fault.DRIPPING:
            return self._drip()
        if reply.status not in (204, 304):
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        if reply.fault is Fault.CUT:
            self.wfile.write(reply.body[: len(reply.body) // 2])
            return self._hang_up()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def _drip(self) -> None:
        self.end_headers()
        while not self._web.closing.wait(0.02):
            self.wfile.write(b" ")
            self.wfile.flush()
        self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Nothing: tests look at `asked`."""
