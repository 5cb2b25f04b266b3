"""API tokens: only their hash is kept."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Token:
    """`roles` are given besides those that the policy gives to the person (the first administrator has only these)."""

    id: str
    person: str
    sha256: str
    created_at: datetime
    created_by: str
    roles: tuple[str, ...] = ()
    label: str = ""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def valid_at(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)
