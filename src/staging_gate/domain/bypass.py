"""A recorded exception from one reason, for one change or release, by somebody who may."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Bypass:
    """`code` is the one reason that it passes; `subject` the one thing that it is for: `change 7`, `v1.4.0`.

    It binds to `tree`, is used once (`used_for` says by what), and is over at `expires_at`.
    """

    id: str
    code: str
    subject: str
    tree: str
    reason: str
    by: str
    at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    used_for: str = ""
    withdrawn_at: datetime | None = None

    def passes(self, code: str, at: datetime) -> bool:
        return self.code == code and self.used_at is None and self.withdrawn_at is None and at < self.expires_at
