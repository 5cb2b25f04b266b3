"""What GitHub says it has sent us: of the App's webhook, or with a token of the repository's.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

import json
from datetime import datetime
from typing import Any

from staging_gate.adapters.github.calls import PAGE, Calls
from staging_gate.adapters.github.credentials import AppToken, SignIn
from staging_gate.adapters.github.shapes import Shape, understood, understood_value
from staging_gate.ports.deliveries import Sent
from staging_gate.ports.errors import Refused
from staging_gate.wire.http import Http

MOST_PAGES = 20


class _Item(Shape):
    id: int
    guid: str
    delivered_at: datetime
    event: str | None = None
    repository_id: int | None = None


class _Config(Shape):
    url: str | None = None


class _Hook(Shape):
    id: int
    config: _Config | None = None


class _Request(Shape):
    payload: dict[str, Any] | None = None


class _Whole(Shape):
    request: _Request | None = None


class _Numbered(Shape):
    id: int | None = None


class GitHubDeliveries:
    """Implements `ports.deliveries.Deliveries`. `address` is where its webhook sends to: ours."""

    def __init__(self, calls: Calls, sign_in: SignIn, address: str) -> None:
        self._calls, self._sign_in, self._address = calls, sign_in, address
        self._repository: int | None = None

    def since(self, at: datetime) -> list[Sent]:
        http, place = self._place()
        found: list[Sent] = []
        ours = self._number() if isinstance(self._sign_in, AppToken) else None
        for number, page in enumerate(http.pages(place, {"per_page": PAGE}), 1):
            items = understood_value(list[_Item], page)
            found += [
                Sent(one.id, one.guid, one.event or "", one.delivered_at)
                for one in items
                if one.delivered_at >= at and (ours is None or one.repository_id in (None, ours))
            ]
            if number == MOST_PAGES or any(one.delivered_at < at for one in items):
                break
        return sorted(found, key=lambda one: (one.at, one.id))

    def body(self, sent: Sent) -> bytes:
        http, place = self._place()
        found = understood(_Whole, http.get(f"{place}/{sent.id}"))
        payload = found.request.payload if found.request else None
        return b"" if payload is None else json.dumps(payload).encode()

    def _place(self) -> tuple[Http, str]:
        if isinstance(self._sign_in, AppToken):
            return self._sign_in.as_app, "/app/hook/deliveries"
        place = f"/repos/{self._calls.name}/hooks"
        return self._calls.http, f"{place}/{self._found(place)}/deliveries"

    def _found(self, place: str) -> int:
        for page in self._calls.http.pages(place, {"per_page": PAGE}):
            for hook in understood_value(list[_Hook], page):
                if hook.config and hook.config.url == self._address:
                    return hook.id
        raise Refused(
            f"No webhook of {self._calls.name} at GitHub sends to {self._address}. `gate github setup` makes "
            "one; or correct GATE_ADDRESS."
        )

    def _number(self) -> int | None:
        """The App's webhook tells of all repositories that it is installed on."""
        if self._repository is None:
            found = self._calls.http.get(f"/repos/{self._calls.name}")
            self._repository = understood(_Numbered, found).id
        return self._repository
