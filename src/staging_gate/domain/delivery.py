"""What a provider tells us by a webhook: a hint that something changed, never the truth about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LATE = timedelta(minutes=1)


@dataclass(frozen=True)
class Delivery:
    """`key` is the provider's own name for it, the same when it is sent again. `body` is as it was signed.

    `settled_at` is when we had looked again at what it may be about; None until then. `sent_at` is when the
    provider sent it, where it never came and was found by asking; then it may have no body.
    """

    provider: str
    key: str
    event: str
    received_at: datetime
    body: bytes
    settled_at: datetime | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Look:
    """The last time that a provider was asked what it has sent, and the last time that it said so. `problem` is why it
    did not. `since` is when it was asked first: what was sent before, nobody was there to take."""

    provider: str
    at: datetime
    good_at: datetime | None = None
    problem: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Lag:
    """How far we are behind a provider: `waiting` deliveries are not settled, the first came at `since`; `last` is when
    the newest of all came. `lost` never came and were found by asking, the last time at `look`. `looked_at` is when we
    last looked by ourselves how everything is."""

    provider: str
    last: datetime | None
    waiting: int = 0
    since: datetime | None = None
    lost: int = 0
    look: Look | None = None
    looked_at: datetime | None = None

    def is_well(self, at: datetime) -> bool:
        return not self.late(at) and not (self.look and self.look.problem)

    def late(self, at: datetime) -> bool:
        """Whether something has waited longer than looking should take."""
        return self.since is not None and at - self.since > LATE
