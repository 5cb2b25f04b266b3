"""Where deliveries of webhooks lie from before we answer them until we have looked at what they are about."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from staging_gate.domain.delivery import Delivery, Lag, Look


class Inbox(Protocol):
    def keep(self, deliveries: Sequence[Delivery]) -> None:
        """All of them or none, safe against a loss of power when this returns. One whose key is here already is left
        as it is. Raises Unavailable."""
        ...

    def keep_lost(self, deliveries: Sequence[Delivery]) -> None:
        """The same for those that never came and were found by asking."""
        ...

    def looked(self, look: Look) -> None:
        """Note that a provider was asked what it has sent; only the last time is remembered, and when the first was."""
        ...

    def looks(self) -> list[Look]:
        """The last of each provider."""
        ...

    def newest(self) -> int:
        """The number of the last that came; 0 where none ever did."""
        ...

    def settle(self, up_to: int, at: datetime) -> None:
        """Note that we have looked, after those up to this number; those settled long ago are forgotten."""
        ...

    def waiting(self, providers: Collection[str], most: int = 500) -> list[Delivery]:
        """What is not settled of these providers, the oldest first, at most so many of each; bodies above 64 KiB are
        left out."""
        ...

    def lags(self) -> list[Lag]:
        """Of the providers of which something is here."""
        ...

    def recent(self, limit: int = 50) -> list[Delivery]:
        """Newest first, without their bodies."""
        ...

    def get(self, provider: str, key: str) -> Delivery | None:
        """With its body."""
        ...
