"""The way of webhooks from the providers to our inbox, through the real intake: letters can be lost, doubled, late."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staging_gate.ports.clock import Clock
from staging_gate.server.hooks import GroupCommit, Intake
from staging_gate.store import SqliteInbox
from staging_gate.testing import webhooks

SECRET = b"whsec_b25seSBmb3IgdGhlIHN0b3JpZXM="
SIGNED = {"github": webhooks.github, "render": webhooks.render, "vercel": webhooks.vercel}


@dataclass(frozen=True)
class Letter:
    """One webhook as a provider has signed it."""

    provider: str
    headers: Mapping[str, str]
    body: bytes


class Post:
    """Letters are delivered at once; while they are `held` they gather in `letters`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.inbox = SqliteInbox(folder / "inbox.db")
        self.held = False
        self.letters: list[Letter] = []
        self._clock = clock
        self._numbers = 0
        self._intake = Intake(
            {provider: (SECRET,) for provider in SIGNED}, GroupCommit(self.inbox.keep), clock, lambda: None
        )

    def close(self) -> None:
        self.inbox.close()

    def send(self, provider: str, event: str, body: Mapping[str, Any]) -> None:
        self._numbers += 1
        raw = json.dumps(body).encode()
        name = f"{provider}-{self._numbers}-{self._clock.now():%H%M%S%f}"
        letter = Letter(provider, SIGNED[provider](name, event, raw, SECRET, self._clock.now()), raw)
        if self.held:
            self.letters.append(letter)
        else:
            assert self.deliver(letter) == 202

    def deliver(self, letter: Letter) -> int:
        """The status that we answer."""
        return asyncio.run(self._delivered(letter))

    async def _delivered(self, letter: Letter) -> int:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": letter.body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(name.encode(), value.encode()) for name, value in letter.headers.items()]
        await self._intake({"path": f"/hooks/{letter.provider}", "method": "POST", "headers": headers}, receive, send)
        return int(sent[0]["status"])
