"""A named condition that a tree passed or not. A result belongs to a tree, not to a branch or a commit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """failed: the thing said no. errored: our machine broke. missing: required and never reported."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    MISSING = "missing"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """`log` refers to the captured output; `summary` is one sentence for people."""

    tree: str
    name: str
    verdict: Verdict
    at: datetime
    summary: str = ""
    log: str | None = None
    change: int | None = None
    seconds: float | None = None
