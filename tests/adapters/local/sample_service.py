"""The service that the tests deploy: standard library only, up in a few milliseconds. `settings.json` beside it is part
of its tree and says how it behaves:

health: the status of /health; body: its fields; revision: false to leave it out; crash: exit at once with this message;
slow: seconds before it listens; stubborn: ignore SIGTERM.
"""

import json
import os
import signal
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

SETTINGS = json.loads(Path(__file__).with_name("settings.json").read_text())


def health() -> dict[str, object]:
    body = {"status": "healthy", "environment": os.environ["ENVIRONMENT"], "release": os.environ["RELEASE"]}
    if SETTINGS.get("revision", True):
        body["revision"] = os.environ["REVISION"]
    return {**body, **SETTINGS.get("body", {})}


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            pause(float(self.path.partition("?")[2]))
        if self.path == "/environ":
            self.answer(200, dict(os.environ))
        else:
            self.answer(SETTINGS.get("health", 200) if self.path == "/health" else 200, health())

    def answer(self, status: int, body: dict[str, object]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    print("starting with", os.environ.get("TOKEN", "no token"), flush=True)
    if "crash" in SETTINGS:
        sys.exit(SETTINGS["crash"])
    if SETTINGS.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pause(SETTINGS.get("slow", 0))
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
