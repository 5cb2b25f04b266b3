"""What a provider says it has sent us by webhooks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Sent:
    """`id` is of this attempt, `key` of what was sent, the same in every attempt."""

    id: int
    key: str
    event: str
    at: datetime


class Deliveries(Protocol):
    def since(self, at: datetime) -> list[Sent]:
        """What was sent from then on, whether it arrived or not, the oldest first. Raises Refused where we may not see
        it, with what to grant, and Unavailable."""
        ...

    def body(self, sent: Sent) -> bytes:
        """What was sent, as JSON; nothing where that is not told."""
        ...
