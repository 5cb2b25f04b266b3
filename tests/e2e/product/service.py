"""A service for tests that starts at once. `fault.txt` beside it says what is wrong with it."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FAULT = Path(__file__).with_name("fault.txt").read_text().strip()
HEALTH = {
    "status": "healthy",
    "environment": "nowhere" if FAULT == "wrong health" else os.environ["ENVIRONMENT"],
    "revision": os.environ["REVISION"],
}


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if FAULT == "silent":
            threading.Event().wait()
        if self.path == "/health":
            return self.answer(200, json.dumps(HEALTH))
        self.answer(500 if self.is_broken_page() else 200, "a page")

    def is_broken_page(self) -> bool:
        """The fault that no candidate shows: it needs production's public address."""
        asked_by_the_public = not self.headers["Host"].endswith(":" + os.environ["PORT"])
        return FAULT == "broken in public" and os.environ["ENVIRONMENT"] == "production" and asked_by_the_public

    def answer(self, status: int, text: str) -> None:
        head = f"HTTP/1.1 {status} {'OK' if status == 200 else 'Broken'}\r\nContent-Length: {len(text)}\r\n\r\n"
        self.wfile.write((head + text).encode())

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    if FAULT == "crash":
        print("reading the settings\nKeyError: 'ARCHIVE_FOLDER'", flush=True)
        sys.exit(3)
    if FAULT == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Server(("127.0.0.1", int(os.environ["PORT"])), Answers).serve_forever()


if __name__ == "__main__":
    main()
