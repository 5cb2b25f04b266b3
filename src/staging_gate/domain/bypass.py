"""A recorded exception from one reason, for one change or release, by somebody who may."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from staging_gate.domain.change import Change

LASTS = timedelta(hours=4)
"""How long a bypass is in force, if nobody says otherwise."""

LONGEST = timedelta(hours=72)
"""What waits longer needs a new one: somebody has to look again."""


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

    @property
    def was_used(self) -> bool:
        return self.used_at is not None

    def in_force(self, at: datetime) -> bool:
        return self.used_at is None and self.withdrawn_at is None and at < self.expires_at

    def passes(self, code: str, at: datetime, acting: str = "") -> bool:
        """`acting` is what somebody is about to do: what a bypass was used for may be begun again after a kill."""
        if self.code != code or self.withdrawn_at is not None or at >= self.expires_at:
            return False
        return self.used_at is None or self.used_for == acting


def subject_of(change: Change) -> str:
    """What a bypass for this change is for. That of a release is named by its tag, from its merge to its deployment."""
    return change.release or f"change {change.number}"
