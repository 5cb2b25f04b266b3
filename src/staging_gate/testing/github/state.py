"""What the stand-in remembers besides the repository."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from staging_gate.testing.web import Request


@dataclass
class Pull:
    """`head` is a branch; `head_sha` where it was last seen. `nulls` is how often `mergeable` will still be null."""

    number: int
    head: str
    base: str
    title: str
    body: str | None
    user: str
    opened_at: datetime
    head_sha: str
    state: str = "open"
    draft: bool = False
    labels: list[str] = field(default_factory=list)
    nulls: int = 1
    merged_as: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    fork: str = ""

    @property
    def updated_at(self) -> datetime:
        return self.closed_at or self.opened_at


@dataclass(frozen=True)
class Push:
    branch: str
    before: str
    after: str
    by: str
    kind: str
    at: datetime


@dataclass(frozen=True)
class Grant:
    """Who a token stands for. `until` None: it does not expire. `of_app`: the App's own, which has the App's rights."""

    login: str
    until: datetime | None = None
    is_bot: bool = False
    of_app: bool = False


@dataclass(frozen=True)
class Asked:
    """A request to the API: by whom, and what its path holds."""

    request: Request
    by: Grant
    found: re.Match[str]

    def number(self) -> int:
        return int(self.found[1])
