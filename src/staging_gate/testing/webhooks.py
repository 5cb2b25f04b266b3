"""Webhooks as the providers send them: signed over the raw bytes, once, and never again by themselves."""

import base64
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener
from uuid import uuid4

from staging_gate.ports.clock import Clock

log = logging.getLogger(__name__)

ANSWER_WITHIN = 10.0
Sign = Callable[[str, str, bytes, bytes, datetime], Mapping[str, str]]


def github(id: str, event: str, body: bytes, secret: bytes, at: datetime) -> Mapping[str, str]:
    signature = f"sha256={hmac.digest(secret, body, 'sha256').hex()}"
    return {"x-github-delivery": id, "x-github-event": event, "x-hub-signature-256": signature}


def render(id: str, event: str, body: bytes, secret: bytes, at: datetime) -> Mapping[str, str]:
    """Standard Webhooks."""
    sent = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(b"whsec_"))
    signature = base64.b64encode(hmac.digest(key, b".".join((id.encode(), sent.encode(), body)), "sha256")).decode()
    return {"webhook-id": id, "webhook-timestamp": sent, "webhook-signature": f"v1,{signature}"}


def vercel(id: str, event: str, body: bytes, secret: bytes, at: datetime) -> Mapping[str, str]:
    """With SHA-1 and without a moment; its name is in the body."""
    return {"x-vercel-signature": hmac.digest(secret, body, "sha1").hex()}


@dataclass
class Webhooks:
    """To one address, one after the other, from a thread of their own. `delivered` counts those that were taken.

    `lose` is how many of the next ones never leave.
    """

    address: str
    secret: bytes = field(repr=False)
    sign: Sign
    clock: Clock
    delivered: int = 0
    failed: int = 0
    lost: int = 0
    lose: int = 0
    _waiting: "SimpleQueue[tuple[str, bytes] | None]" = field(default_factory=SimpleQueue, repr=False)

    def __enter__(self) -> "Webhooks":
        self._thread = Thread(target=self._deliver_all, name="webhooks", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def send(self, event: str, body: Mapping[str, Any]) -> None:
        """Returns at once."""
        if self.lose:
            self.lose, self.lost = self.lose - 1, self.lost + 1
            return
        self._waiting.put((event, json.dumps(body).encode()))

    def _deliver_all(self) -> None:
        while (told := self._waiting.get()) is not None:
            try:
                self._deliver(*told)
                self.delivered += 1
            except (URLError, OSError) as error:
                self.failed += 1
                log.warning("%s was not taken by %s: %s", told[0], self.address, error)

    def _deliver(self, event: str, body: bytes) -> None:
        signed = self.sign(str(uuid4()), event, body, self.secret, self.clock.now())
        headers = {"content-type": "application/json", **signed}
        asked = Request(self.address, body, headers)  # noqa: S310 - an address of this machine
        with build_opener(ProxyHandler({})).open(asked, timeout=ANSWER_WITHIN):
            pass
