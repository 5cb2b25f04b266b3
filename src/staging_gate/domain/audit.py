"""The record that shows tampering: each entry's hash covers the one before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

GENESIS = "0" * 64


@dataclass(frozen=True)
class AuditEntry:
    """`seq` counts from 1 without gaps. `data` holds only JSON: strings, numbers, lists and maps of them."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    data: Mapping[str, object]
    hash: str = ""

    def digest(self, previous: str) -> str:
        """SHA-256 over the previous hash and every field in canonical JSON, in hexadecimal."""
        body = [
            previous,
            self.seq,
            self.at.isoformat(),
            self.actor,
            self.action,
            self.subject,
            self.reason,
            self.data,
        ]
        return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class ChainReport:
    """`broken_at` is the first entry that does not follow from the one before it; `head` the last good hash."""

    entries: int
    head: str
    broken_at: int | None = None
    why: str = ""

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def verify_chain(entries: Iterable[AuditEntry]) -> ChainReport:
    head, count = GENESIS, 0
    for entry in entries:
        if entry.seq != count + 1:
            return ChainReport(count, head, entry.seq, f"entry {count + 1} is missing")
        if entry.digest(head) != entry.hash:
            return ChainReport(count, head, entry.seq, f"entry {entry.seq} does not match its hash")
        head, count = entry.hash, entry.seq
    return ChainReport(count, head)
