"""What a provider tells us by a webhook: a hint that something changed, never the truth about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LATE = timedelta(minutes=1)


@dataclass(frozen=True)
class Delivery:
    """`key` is the provider's own name for it, the same when it is sent again. `body` is as it was signed.

    `settled_at` is when we had looked again at what it may be about; None until then.
    """

    provider: str
    key: str
    event: str
    received_at: datetime
    body: bytes
    settled_at: datetime | None = None


@dataclass(frozen=True)
class Lag:
    """How far we are behind a provider: `waiting` deliveries are not settled, the first came at `since`; `last` is when
    the newest of all came."""

    provider: str
    last: datetime | None
    waiting: int = 0
    since: datetime | None = None

    def late(self, at: datetime) -> bool:
        """Whether something has waited longer than looking should take."""
        return self.since is not None and at - self.since > LATE
