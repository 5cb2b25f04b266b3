"""A recorded yes by a person on a change or on the release it carries."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Approval:
    """Binds to content: `tree` of the head and `policy_hash`. Another tree or another policy, and it no longer counts.

    `role` is the role it was given in: `review`, `tech_lead`, `stakeholder` ...
    """

    id: str
    change: int
    role: str
    by: str
    at: datetime
    tree: str
    policy_hash: str
    comment: str = ""
    withdrawn_at: datetime | None = None
