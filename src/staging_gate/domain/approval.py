"""A recorded yes by a person on a change or on the release it carries."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Approval:
    """Binds to content: `tree` of the head, `migrations` that merging would give (a change's own and those that its
    target branch has), and `policy_hash`. Where one of them is another, it no longer counts.

    `role` is the role it was given in: `review`, `tech_lead`, `stakeholder` ... `change` is None for a yes to what
    staging runs: it counts for the release of exactly that. `source` is the address of the review that it was given in
    at the code host, empty where it was given here.
    """

    id: str
    change: int | None
    role: str
    by: str
    at: datetime
    tree: str
    policy_hash: str
    comment: str = ""
    withdrawn_at: datetime | None = None
    migrations: str = ""
    source: str = ""
