"""`POST /hooks/github|render|vercel`: verify the raw bytes, store, answer. Past the web framework, for its speed."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from staging_gate.domain.delivery import Delivery
from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import OutsideError
from staging_gate.server.hooks.group_commit import GroupCommit
from staging_gate.wire.signatures import SCHEMES, BadSignature

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
LARGEST = {"github": 25 * MEGABYTE}
"""GitHub's own limit for a payload. Others only name what has changed."""
LARGEST_ELSE = MEGABYTE
MOST_IN_FLIGHT = 100 * MEGABYTE
"""Of bodies that are not verified yet, all together: strangers may send too."""

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Refusal(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Intake:
    """An ASGI application. `secrets` are those of the providers that may tell us something; `heard` is called after
    each delivery that is stored."""

    def __init__(
        self,
        secrets: Mapping[str, Sequence[bytes]],
        inbox: GroupCommit,
        clock: Clock,
        heard: Callable[[], None],
    ) -> None:
        self._secrets = secrets
        self._inbox = inbox
        self._clock = clock
        self._heard = heard
        self._in_flight = 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            await self._take(scope, receive)
        except Refusal as refusal:
            return await _answer(send, refusal.status, str(refusal))
        except OutsideError as error:
            log.error("a webhook could not be stored: %s", error)
            return await _answer(send, 503, "It could not be stored. Send it again.")
        self._heard()
        await _answer(send, 202)

    async def _take(self, scope: Any, receive: Receive) -> None:
        provider = scope["path"].rpartition("/hooks/")[2]
        secrets = self._secrets.get(provider)
        if provider not in SCHEMES:
            raise Refusal(404, f"There are hooks for {', '.join(SCHEMES)}.")
        if scope["method"] != "POST":
            raise Refusal(405, "Deliveries come by POST.")
        if not secrets:
            raise Refusal(404, f"No secret is set up for {provider}: GATE_HOOK_{provider.upper()}.")
        headers = dict(scope["headers"])
        body = await self._body(headers, receive, LARGEST.get(provider, LARGEST_ELSE))
        at = self._clock.now()
        try:
            signed = SCHEMES[provider](headers, body, secrets, at)
        except BadSignature as bad:
            log.info("a delivery to /hooks/%s was refused: %s", provider, bad)
            raise Refusal(401, str(bad)) from bad
        await self._inbox.keep(Delivery(provider, signed.key, signed.event, at, body))

    async def _body(self, headers: Mapping[bytes, bytes], receive: Receive, largest: int) -> bytes:
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > largest:
            raise Refusal(413, f"At most {largest // MEGABYTE} MiB.")
        parts, taken, more = [], 0, True
        try:
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise Refusal(400, "It ended in the middle.")
                part, more = message.get("body", b""), message.get("more_body", False)
                parts.append(part)
                taken += len(part)
                self._in_flight += len(part)
                if taken > largest:
                    raise Refusal(413, f"At most {largest // MEGABYTE} MiB.")
                if self._in_flight > MOST_IN_FLIGHT:
                    raise Refusal(503, "Too much at once. Send it again.")
        finally:
            self._in_flight -= taken
        return parts[0] if len(parts) == 1 else b"".join(parts)


async def _answer(send: Send, status: int, text: str = "") -> None:
    body = f"{text}\n".encode() if text else b""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"10"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
