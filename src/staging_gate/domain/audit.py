"""The record that shows tampering: each entry's hash covers the one before it."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

GENESIS = "0" * 64
ANCHOR = re.compile(r"Gate-Audit: (?P<seq>\d{1,18}) (?P<head>[0-9a-f]{64})")
"""How an anchor is written; `messages.releases.tag_message` puts one into each release tag."""


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
class Anchor:
    """What a place outside of the record remembers of it: that entry `seq` had this hash. `where` names the place."""

    where: str
    seq: int
    head: str


@dataclass(frozen=True)
class ChainReport:
    """`broken_at` is the first entry that does not follow from the one before it, or that is not what an anchor
    remembers; `head` is the last good hash, `anchors` how many agree."""

    entries: int
    head: str
    broken_at: int | None = None
    why: str = ""
    anchors: int = 0

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def parse_anchor(where: str, text: str) -> Anchor | None:
    """The anchor in the last line of a text, where only we write; None where there is none."""
    found = ANCHOR.fullmatch(text.rstrip().rpartition("\n")[2])
    return Anchor(where, int(found["seq"]), found["head"]) if found else None


def verify_chain(entries: Iterable[AuditEntry], anchors: Iterable[Anchor] = ()) -> ChainReport:
    """A record that was rewritten as a whole follows from itself: only what is anchored outside tells on it."""
    remembered: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        remembered.setdefault(anchor.seq, []).append(anchor)
    head, count, agree = GENESIS, 0, 0
    for entry in entries:
        if entry.seq != count + 1:
            return ChainReport(count, head, entry.seq, f"entry {count + 1} is missing", agree)
        if entry.digest(head) != entry.hash:
            return ChainReport(count, head, entry.seq, f"entry {entry.seq} does not match its hash", agree)
        known = remembered.pop(entry.seq, [])
        for anchor in known:
            if anchor.head != entry.hash:
                return ChainReport(count, head, entry.seq, _another(anchor, entry.hash), agree)
        head, count, agree = entry.hash, entry.seq, agree + len(known)
    beyond = min((seq for seq in remembered if seq > 0), default=None)
    if beyond is not None:
        why = f"{remembered[beyond][0].where} has seen entry {beyond}, but the record ends at {count}"
        return ChainReport(count, head, beyond, why, agree)
    return ChainReport(count, head, anchors=agree)


def _another(anchor: Anchor, found: str) -> str:
    return f"{anchor.where} remembers another entry {anchor.seq} (hash {anchor.head[:12]}, not {found[:12]})"
